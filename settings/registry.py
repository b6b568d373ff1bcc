"""The systems that a stage can deploy: a further one is a file here, and a line in this list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from settings.hoopstat import HoopstatSettings
from settings.payments import PaymentsSettings
from settings.spendsense import SpendSenseSettings
from settings.superscapes import SuperscapesSettings
from settings.system import SystemSettings
from settings.typerush import TypeRushSettings

SYSTEMS: Final[Mapping[str, type[SystemSettings]]] = {
    settings.system.NAME: settings
    for settings in (
        TypeRushSettings,
        SuperscapesSettings,
        SpendSenseSettings,
        PaymentsSettings,
        HoopstatSettings,
    )
}
