"""Whatever text-service is sent: a mistake is the caller's, told in JSON and logged once."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.functions.typerush.text_service import Aws, Invoke, LambdaContext, http

Lines = Callable[[], list[dict[str, Any]]]
PAYLOAD = "an object, as in events of payload 2.0"


def changed(event: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    """The event with another value at the path."""
    name, *rest = path
    return {**event, name: changed(event[name], tuple(rest), value) if rest else value}


def posted(body: object, *, encoded: object = False) -> dict[str, Any]:
    return {**http("POST", "/texts/generate"), "body": body, "isBase64Encoded": encoded}


def base64_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


RANDOM = http("GET", "/texts/random", query={"difficulty": "easy"})
HTTP = ("requestContext", "http")
NO_OBJECT = 'the event must be a JSON object such as {"action": "health"}'
MALFORMED: list[tuple[object, str]] = [
    (None, NO_OBJECT),
    (7, NO_OBJECT),
    (True, NO_OBJECT),
    ("health", NO_OBJECT),
    ([{"action": "health"}], NO_OBJECT),
    ({"action": 5}, "action must be one of health, get_random_text, generate_text, get_text, not 5"),
    ({"requestContext": None}, f"requestContext is missing: {PAYLOAD}"),
    ({"requestContext": 5}, f"requestContext must be {PAYLOAD}, not 5"),
    ({"requestContext": [{}]}, f"requestContext must be {PAYLOAD}, not a list"),
    ({"requestContext": {}}, f"requestContext.http is missing: {PAYLOAD}"),
    ({"requestContext": {"elb": {}}}, f"requestContext.http is missing: {PAYLOAD}"),
    ({"requestContext": {"http": "x"}}, f'requestContext.http must be {PAYLOAD}, not "x"'),
    ({"requestContext": {"http": {}}}, "requestContext.http.path is missing: a string"),
    (changed(RANDOM, (*HTTP, "path"), {}), "requestContext.http.path must be a string, not an object"),
    (changed(RANDOM, (*HTTP, "method"), None), "requestContext.http.method is missing: a string"),
    (changed(RANDOM, ("requestContext", "stage"), 7), "requestContext.stage must be a string, not 7"),
    (changed(RANDOM, ("headers",), "host"), f'headers must be {PAYLOAD}, not "host"'),
    (changed(RANDOM, ("headers", "host"), 1), "headers.host must be a string, not 1"),
    (changed(RANDOM, ("queryStringParameters",), []), f"queryStringParameters must be {PAYLOAD}, not a list"),
    (
        changed(RANDOM, ("queryStringParameters", "difficulty"), ["easy"]),
        "queryStringParameters.difficulty must be a string, not a list",
    ),
    (posted({"difficulty": "easy"}), "body must be a string, not an object"),
    (posted("{}", encoded="yes"), 'isBase64Encoded must be true or false, not "yes"'),
    (posted("{}", encoded=True), "the body is not base64, as isBase64Encoded says it is"),
    (posted("e3", encoded=True), "the body is not base64, as isBase64Encoded says it is"),
    (posted("é", encoded=True), "the body is not base64, as isBase64Encoded says it is"),
    (posted(base64_of(b"\xff{}"), encoded=True), "the body is not UTF-8"),
    (posted("\ud800"), "the body is not UTF-8"),
    (posted(base64_of(b"[]"), encoded=True), "the body must be a JSON object"),
    (posted("[" * 100_000), "the body is nested too deeply"),
    (posted('{"difficulty": ' + "[" * 900 + "]" * 900 + "}"), "difficulty must be one of"),
    (posted('{"difficulty": "\\ud800"}'), 'difficulty must be one of easy, medium, hard, not "\\ud800"'),
]


@pytest.mark.parametrize(("event", "error"), MALFORMED)
def test_a_malformed_event_is_a_400(invoke: Invoke, log_lines: Lines, event: object, error: str) -> None:
    status, body = invoke(event)
    assert status == 400
    assert body["error"].startswith(error)
    (line,) = log_lines()
    assert (line["message"], line["status"], line["reason"]) == ("refused", 400, body["error"])


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({"action": "get_text", "difficulty": "easy", "text_id": "\ud800"}, 400),
        (http("GET", "/songs"), 404),
        (http("GET", "/texts/easy/" + "a" * 65), 400),
        (http("GET", "/" + "\ud800" * 5000), 404),
        (http("DELETE", "/texts/random"), 405),
        (posted("difficulty=easy"), 400),
    ],
)
def test_each_refusal_is_logged_once(
    invoke: Invoke, log_lines: Lines, event: dict[str, Any], status: int
) -> None:
    answered, body = invoke(event)
    assert answered == status
    assert len(body["error"]) < 200
    (line,) = log_lines()
    assert (line["message"], line["status"], line["reason"]) == ("refused", status, body["error"])


def test_an_unreadable_body_is_not_logged(invoke: Invoke, log_lines: Lines) -> None:
    for body in ("ada@example.com", '["ada@example.com"]'):
        for encoded in (False, True):
            assert invoke(posted(body, encoded=encoded))[0] == 400
    assert "ada" not in json.dumps(log_lines())


@pytest.mark.parametrize(
    "event",
    [
        {"requestContext": {"http": {"method": "GET", "path": "/health"}}},
        {**http("GET", "/health"), "headers": None, "queryStringParameters": None, "body": None},
        {**http("GET", "/health"), "headers": {"host": "a:b:c", "x-forwarded-port": "no number"}},
        {**http("GET", "/health"), "version": "1.0", "resource": "/", "cookies": 5},
        http("GET", "/health/"),
        changed(http("GET", "/health"), ("requestContext", "elb"), {}),
    ],
)
def test_what_no_route_uses_does_not_matter(aws: Aws, invoke: Invoke, event: dict[str, Any]) -> None:
    aws.expect("get_item", {})
    assert invoke(event)[0] == 200


def test_an_encoded_body_is_decoded(aws: Aws, invoke: Invoke) -> None:
    aws.fail("invoke_model", "ThrottlingException")
    aws.expect("query", {"Items": []})
    aws.fail("query", "InternalServerError")
    assert invoke(posted(base64_of(b'{"difficulty": "easy"}'), encoded=True))[0] == 503


class Stored:
    """An AWS with one text and no model, so that no call that is understood fails."""

    def get_item(self, **_: object) -> dict[str, Any]:
        return {"Item": {name: {"S": "easy"} for name in ("difficulty", "text_id", "text")}}

    def query(self, **_: object) -> dict[str, Any]:
        return {"Items": [self.get_item()["Item"]]}

    def invoke_model(self, **_: object) -> None:
        raise EndpointConnectionError(endpoint_url="none")


characters = st.characters(exclude_categories=())  # with half surrogate pairs
texts = st.text(characters, max_size=20)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
actions = st.sampled_from(["health", "get_random_text", "get_text"])
difficulties = st.sampled_from(["easy", "impossible"])
direct = st.fixed_dictionaries(
    {"action": actions | anything}, optional={"difficulty": difficulties | anything, "text_id": anything}
)
paths = st.sampled_from(["/health", "/texts/random", "/texts/generate", "/texts/easy/0f", "/dev/health", ""])
requests = st.fixed_dictionaries(
    {
        "requestContext": anything
        | st.fixed_dictionaries(
            {
                "http": anything
                | st.fixed_dictionaries(
                    {"method": st.sampled_from(["GET", "POST"]) | anything, "path": paths | anything},
                )
            },
            optional={"stage": st.just("dev") | anything, "elb": anything},
        )
    },
    optional={
        "version": st.sampled_from(["1.0", "2.0"]) | anything,
        "headers": st.dictionaries(texts, texts) | anything,
        "cookies": anything,
        "queryStringParameters": st.dictionaries(st.just("difficulty") | texts, texts) | anything,
        "rawQueryString": anything,
        "body": anything.map(json.dumps) | st.binary().map(base64_of) | anything,
        "isBase64Encoded": st.booleans() | anything,
    },
)


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(event=anything | direct | requests)
@example(event={"requestContext": {"http": {"method": "GET", "path": "[//"}}})
def test_any_event_is_answered(main: ModuleType, monkeypatch: pytest.MonkeyPatch, event: Any) -> None:
    monkeypatch.setattr(main.aws, "client", lambda *_, **__: Stored())
    main.log.handlers[0].setStream(written := io.StringIO())
    answer = main.lambda_handler(event, LambdaContext())
    json.dumps(answer, ensure_ascii=False).encode()
    status, body = answer["statusCode"], json.loads(answer["body"])
    assert 200 <= status < 500
    refused = [
        line for line in map(json.loads, written.getvalue().splitlines()) if line["message"] == "refused"
    ]
    if status < 400:
        assert refused == []
    else:
        (line,) = refused
        assert (line["status"], {"error": line["reason"]}) == (status, body)
