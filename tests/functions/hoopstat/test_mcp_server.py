"""mcp-server: what the protocol's client library gets, one Lambda event for each request."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextContent

from tests.functions.hoopstat.conftest import CONTEXT, Load

ROW = {"player": "A. Center", "season": "2026-27", "points": 31.0}
URL = "https://api.example/mcp"

Handler = Callable[[Any, Any], dict[str, Any]]
Ask = Callable[[Callable[[Client], Awaitable[Any]]], Any]


@pytest.fixture
def handler(load: Load, s3: Any, new_bucket: Callable[[], str]) -> Handler:
    silver, gold = new_bucket(), new_bucket()
    for key in (
        "box-scores/season=2025-26/a.parquet",
        "box-scores/season=2026-27/a.parquet",
        "players/all.parquet",
    ):
        s3.put_object(Bucket=silver, Key=key, Body=b"")
    s3.put_object(Bucket=gold, Key="player_seasons/2026-27/0042.json", Body=json.dumps(ROW).encode())
    s3.put_object(Bucket=gold, Key="player_seasons/broken.json", Body=b"{")
    s3.put_object(Bucket=gold, Key="player_seasons/large.json", Body=b"1" * (4 * 1024 * 1024 + 1))
    main = load("mcp_server", SILVER_BUCKET=silver, GOLD_BUCKET=gold)
    return main.lambda_handler  # type: ignore[no-any-return]  # the module is the function's


def request(body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """What API Gateway makes of a request."""
    about = {"method": "POST", "path": "/mcp", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}
    return {
        "version": "2.0",
        "routeKey": "POST /mcp",
        "rawPath": "/mcp",
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {"http": about, "stage": "$default", "requestId": "r"},
        "body": body.decode(),
        "isBase64Encoded": False,
    }


@pytest.fixture
def ask(handler: Handler) -> Ask:
    """Talk to the function with the protocol's client; each request is an invocation of the same worker."""

    async def invoke(asked: httpx2.Request) -> httpx2.Response:
        event = request(await asked.aread(), dict(asked.headers))
        # In a thread, where Mangum's loop can run beside the client's.
        answer = await asyncio.to_thread(_in_its_own_loop, handler, event)
        return httpx2.Response(answer["statusCode"], headers=answer["headers"], text=answer["body"])

    def talk(what: Callable[[Client], Awaitable[Any]]) -> Any:
        async def session() -> Any:
            transport = httpx2.MockTransport(invoke)
            async with (
                httpx2.AsyncClient(transport=transport) as http,
                Client(streamable_http_client(URL, http_client=http)) as client,
            ):
                return await what(client)

        return asyncio.run(session())

    return talk


def _in_its_own_loop(handler: Handler, event: Any) -> dict[str, Any]:
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        try:
            return handler(event, CONTEXT)
        finally:
            asyncio.set_event_loop(None)


def test_its_tools(ask: Ask) -> None:
    listed = ask(lambda client: client.list_tools())
    assert {tool.name for tool in listed.tools} == {"list_datasets", "query_gold"}
    assert all(tool.description for tool in listed.tools)


def test_what_there_is(ask: Ask) -> None:
    found = ask(lambda client: client.call_tool("list_datasets", {}))
    assert found.structured_content == {
        "datasets": {"box-scores": ["2025-26", "2026-27"], "players": []},
        "tables": ["player_seasons"],
    }


@pytest.mark.parametrize(("call_s", "in_time"), [(1.0, True), (3.5, True), (4.5, False), (10.9, False)])
def test_an_answer_comes_before_an_http_api_gives_up(
    handler: Handler, monkeypatch: pytest.MonkeyPatch, call_s: float, in_time: bool
) -> None:
    """However long calls take, up to the longest that they can: of both buckets together."""
    from stats import medallion  # type: ignore[import-not-found]

    asked = medallion.Medallion(silver=os.environ["SILVER_BUCKET"], gold=os.environ["GOLD_BUCKET"])
    config, events = asked._s3.meta.config, asked._s3.meta.events
    assert config.retries["total_max_attempts"] == 2
    longest = 2 * (config.connect_timeout + config.read_timeout) + 1  # a second between attempts
    assert call_s < longest
    assert medallion._TIME_S + longest < 25
    now = [0.0]

    def takes_its_time(**_: Any) -> None:
        now[0] += call_s

    events.register("before-call", takes_its_time)
    monkeypatch.setattr(medallion, "time", SimpleNamespace(monotonic=lambda: now[0]))
    if in_time:
        assert asked.contents()[1] == ["player_seasons"]
    else:
        with pytest.raises(medallion.UnavailableError, match="took over"):
            asked.contents()
    assert now[0] < 25


def test_a_row_of_gold(ask: Ask) -> None:
    arguments = {"table": "player_seasons", "key": "2026-27/0042"}
    found = ask(lambda client: client.call_tool("query_gold", arguments))
    assert not found.is_error
    assert found.structured_content == {**arguments, "row": ROW}


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"table": "player_seasons", "key": "none"}, "player_seasons has no none"),
        ({"table": "../silver", "key": "a"}, "table has to be"),
        ({"table": "player_seasons", "key": "../../a"}, "key has to be"),
        ({"table": "player_seasons"}, "Field required"),
        ({"table": "player_seasons", "key": "large"}, "is too large"),
    ],
)
def test_a_mistake_is_told_to_the_model(ask: Ask, arguments: dict[str, str], fault: str) -> None:
    found = ask(lambda client: client.call_tool("query_gold", arguments))
    assert found.is_error
    (content,) = found.content
    assert isinstance(content, TextContent)
    assert fault in content.text


def test_a_fault_is_told_without_its_insides(ask: Ask) -> None:
    found = ask(lambda client: client.call_tool("query_gold", {"table": "player_seasons", "key": "broken"}))
    assert found.is_error
    assert [content.text for content in found.content] == ["Error executing tool query_gold"]


def test_what_is_not_the_protocol_is_a_400(handler: Handler) -> None:
    headers = {"content-type": "application/json", "accept": "application/json", "host": "api.example"}
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        answer = handler(request(b"{", headers), CONTEXT)
        asyncio.set_event_loop(None)
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["error"]["code"] == -32700


def test_health(handler: Handler) -> None:
    answer = handler({"action": "health"}, CONTEXT)
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (200, "ok")


def test_without_its_buckets_it_is_not_healthy(load: Load, s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    main = load("mcp_server", SILVER_BUCKET="hoopstat-none", GOLD_BUCKET="hoopstat-none")
    answer = main.lambda_handler({"action": "health"}, CONTEXT)
    assert (answer["statusCode"], json.loads(answer["body"])) == (
        503,
        {"error": "the statistics can't be read"},
    )
    assert "NoSuchBucket" in vars(caplog.records[-1])["reason"]


@pytest.mark.parametrize("event", [None, [], {}, {"version": "2.0"}, {"action": "run"}])
def test_another_event_is_refused(handler: Handler, event: Any) -> None:
    answer = handler(event, CONTEXT)
    assert answer["statusCode"] == 400
    assert "health" in json.loads(answer["body"])["error"]
