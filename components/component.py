"""What every component of this program has in common: its children's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.problems import Problem, refuse


class Component(pulumi.ComponentResource):
    """A ComponentResource whose children are called `<its own name>-<what they are>`, each name once.

    Pulumi's engine refuses two resources of one URN with a message about URNs, late; here the second child of
    a name is refused as it is made, with a way out.
    """

    def __init__(self, token: str, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        self._children: set[str] = set()
        parent = opts.parent if opts else None
        if isinstance(parent, Component):
            parent.claim(f"{token} {name}", name)
        super().__init__(token, name, None, opts)

    def child(self, what: str) -> str:
        """Make the name of a child. Raises InvalidArgumentsError when there already is one of that name."""
        name = f"{self.pulumi_resource_name}-{what}"
        self.claim(name, name)
        return name

    def inside(self, **options: Any) -> pulumi.ResourceOptions:
        """Make the options of a child: this component as its parent, and what else is given."""
        return pulumi.ResourceOptions(parent=self, **options)

    def finish(self, outputs: Mapping[str, Any]) -> None:
        """Register the outputs, which ends the component."""
        self.register_outputs(dict(outputs))

    def claim(self, key: str, name: str) -> None:
        """Take a child's name. `key` tells apart what may share one: a child of another type."""
        if key in self._children:
            refuse(
                [
                    Problem(
                        where=self.pulumi_resource_name,
                        what=f"the child {name!r}",
                        got="there already",
                        allowed="each name once",
                        mend="Give the second one another name.",
                    )
                ]
            )
        self._children.add(key)
