"""The program: a stage's settings, its systems, their outputs."""

import pulumi

import settings

for name, args in settings.load().systems.items():
    pulumi.export(name, settings.SYSTEMS[name].system(name, args).outputs)
