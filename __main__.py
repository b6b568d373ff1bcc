"""The program: a stage's settings, its systems, their outputs."""

import pulumi

import settings
from components.systems.typerush import TypeRush

stage = settings.load()

if stage.typerush:
    pulumi.export("typerush", TypeRush("typerush", stage.typerush).outputs)
