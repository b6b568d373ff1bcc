"""The protocol's server: two tools over the medallion, without sessions and with JSON answers.

https://modelcontextprotocol.io/specification
"""

from __future__ import annotations

import re
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from typing_extensions import TypedDict

from stats.medallion import Medallion, TooLargeError

_TABLE = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_=.-]{0,99}(/[A-Za-z0-9][A-Za-z0-9_=.-]{0,99}){0,3}")


class Datasets(TypedDict):
    """What there is: the seasons of each dataset, and the tables whose rows can be asked for."""

    datasets: dict[str, list[str]]
    tables: list[str]


class Row(TypedDict):
    """One row of a gold table."""

    table: str
    key: str
    row: Any


def make_server(medallion: Medallion) -> MCPServer:
    """Make the server with its tools."""
    server = MCPServer(
        "hoopstat-haus",
        instructions="Basketball statistics. list_datasets says what there is, query_gold gives single rows.",
    )

    @server.tool()
    def list_datasets() -> Datasets:
        """List the datasets with their seasons, and the gold tables that query_gold reads."""
        datasets, tables = medallion.contents()
        return {"datasets": datasets, "tables": tables}

    @server.tool()
    def query_gold(table: str, key: str) -> Row:
        """Read one row of a gold table by its key, such as a player's or a team's season: `2026-27/0042`."""
        if not _TABLE.fullmatch(table):
            raise ToolError("table has to be lower-case letters, digits, - and _; list_datasets names them")
        if not _KEY.fullmatch(key):
            raise ToolError("key has to be letters, digits and - _ . = in up to four parts joined by /")
        try:
            row = medallion.row(table, key)
        except TooLargeError as error:
            raise ToolError(f"{table} {key} is too large: {error}") from None
        if row is None:
            raise ToolError(f"{table} has no {key}")
        return {"table": table, "key": key, "row": row}

    return server


def make_app(server: MCPServer) -> Starlette:
    """Make the app that answers one request.

    Which hosts may be named isn't checked here: API Gateway passes on its own only, and callers sign.
    """
    return server.streamable_http_app(
        stateless_http=True,
        json_response=True,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
