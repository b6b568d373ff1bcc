"""The only reader of a stage's configuration: typed, checked, every mistake told at once."""

from settings.errors import Mistake, SettingsError
from settings.stage import Stage, load

__all__ = ["Mistake", "SettingsError", "Stage", "load"]
