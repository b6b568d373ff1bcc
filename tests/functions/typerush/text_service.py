"""What a caller of text-service sees, and the AWS that it meets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.stub import Stubber

SERVICE = Path(__file__).parents[3] / "functions" / "typerush" / "text_service"
MODEL = "anthropic.claude-3-haiku-20240307-v1:0"


class LambdaContext:
    """As much of Lambda's context as the service uses."""

    aws_request_id = "request-1"

    def __init__(self, remaining_s: float = 60.0) -> None:
        self._remaining_s = remaining_s

    def get_remaining_time_in_millis(self) -> int:
        return int(self._remaining_s * 1000)


class Aws:
    """The service's two clients, which answer only what a test expects of them."""

    def __init__(self, clients: dict[str, Any]) -> None:
        self.clients = clients
        self.stubs = {service: Stubber(client) for service, client in clients.items()}
        self.model_waits_s: list[float] = []

    def expect(self, action: str, answer: dict[str, Any], expected: dict[str, Any] | None = None) -> None:
        stub = self.stubs["bedrock-runtime" if action == "invoke_model" else "dynamodb"]
        stub.add_response(action, answer, expected)

    def fail(self, action: str, code: str) -> None:
        stub = self.stubs["bedrock-runtime" if action == "invoke_model" else "dynamodb"]
        stub.add_client_error(action, service_error_code=code, service_message=f"{code} for you")

    def done(self) -> None:
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()


Invoke = Callable[..., tuple[int, dict[str, Any]]]


def http(
    method: str,
    path: str,
    *,
    query: dict[str, str] | None = None,
    body: str | None = None,
    stage: str = "$default",
) -> dict[str, Any]:
    """An HTTP API's event, payload 2.0."""
    about = {
        "method": method,
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": "192.0.2.1",
        "userAgent": "test",
    }
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "headers": {"host": "api.example.com"},
        **({} if query is None else {"queryStringParameters": query}),
        "requestContext": {"http": about, "stage": stage, "requestId": "r"},
        **({} if body is None else {"body": body}),
        "isBase64Encoded": False,
    }
