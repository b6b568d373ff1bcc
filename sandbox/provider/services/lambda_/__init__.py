"""Lambda."""

from __future__ import annotations

from .alias import Alias
from .concurrency import ProvisionedConcurrencyConfig
from .event_invoke import FunctionEventInvokeConfig
from .event_source import EventSourceMapping
from .function import Function
from .layer import LayerVersion
from .permission import Permission
from .url import FunctionUrl

TYPES = (
    Alias(),
    EventSourceMapping(),
    Function(),
    FunctionEventInvokeConfig(),
    FunctionUrl(),
    LayerVersion(),
    Permission(),
    ProvisionedConcurrencyConfig(),
)
