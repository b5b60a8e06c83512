"""A tiny client of the API: Django's test client that speaks JSON and carries a key."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.test import Client

from tests.conformance import API, Answer, differences


class ApiClient:
    """Ask the API as one key would.

    `api.get("/api/v1/suggest", q="harr")`, `api.post("/api/v1/events", {"events": []})`; the answer has `.status_code`
    and `.json()`. Bytes as a body are sent as they are.
    """

    def __init__(self, secret: str | None = None, *, headers: Mapping[str, str] | None = None) -> None:
        self.secret = secret
        self.headers = {**({"Authorization": f"Bearer {secret}"} if secret else {}), **(headers or {})}
        # A 500 is an answer to look at, not an exception of the test.
        self._client = Client(raise_request_exception=False)

    def get(self, url: str, **query: Any) -> Any:
        return _as_published("GET", self._client.get(url, query_params=_query(query), headers=self.headers))

    def post(self, url: str, body: Any = None, **query: Any) -> Any:
        return self.send("POST", url, body, **query)

    def put(self, url: str, body: Any = None, **query: Any) -> Any:
        return self.send("PUT", url, body, **query)

    def patch(self, url: str, body: Any = None, **query: Any) -> Any:
        return self.send("PATCH", url, body, **query)

    def delete(self, url: str, body: Any = None, **query: Any) -> Any:
        return self.send("DELETE", url, body, **query)

    def send(self, method: str, url: str, body: Any = None, **query: Any) -> Any:
        """Any method; a body that is not bytes is written as JSON."""
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self._client.generic(
            method, url, content, "application/json", query_params=_query(query), headers=self.headers
        )
        return _as_published(method, answer)


def _as_published(method: str, answer: Any) -> Any:
    """Return the answer, which must be what the document says; addresses of a test's own are in no document."""
    address = answer.wsgi_request.path_info
    if address.startswith(API) and settings.ROOT_URLCONF == "config.urls":
        found = Answer(method, address, answer.status_code, answer.headers, answer.content)
        assert differences(found) == [], (
            f"{method} {address} was answered {answer.status_code}: {answer.content[:1000]!r}"
        )
    return answer


def _query(values: Mapping[str, Any]) -> dict[str, str | Sequence[str]]:
    return {
        name: [str(part) for part in value] if isinstance(value, list | tuple) else str(value)
        for name, value in values.items()
        if value is not None
    }
