"""The only reader of a stage's configuration: typed, checked, every mistake told at once."""

from settings.errors import Mistake, SettingsError
from settings.registry import SYSTEMS
from settings.stage import Stage, load

__all__ = ["SYSTEMS", "Mistake", "SettingsError", "Stage", "load"]
