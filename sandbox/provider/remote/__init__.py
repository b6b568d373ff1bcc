"""Remote components: what the package ``awsx`` constructs out of ``aws`` resources.

The real package's provider is a program for Node; this one makes the same children of the same arguments,
with the same names and URNs, through the engine that asks for them. It knows the components that
:mod:`.server` lists and the arguments that each of them has; anything else is refused by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .server import AwsxProvider

__all__ = ["PACKAGE", "servicer"]

PACKAGE = "awsx"


def servicer() -> AwsxProvider:
    """The provider as a gRPC servicer. It needs no embedded AWS: the ``aws`` provider makes the children."""
    from .server import AwsxProvider

    return AwsxProvider()
