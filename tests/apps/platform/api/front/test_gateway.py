from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from apps.platform.api.front.gateway import environ_of, response_of
from tests.apps.platform.api.front.asking import Asked, SentHeaders


class TestEnviron:
    def test_is_as_pep_3333_says(self) -> None:
        asked = Asked(
            method="POST",
            path="/café/ü",
            query_string="q=%C3%A9",
            headers=SentHeaders(("host", "library.example"), ("content-type", "application/json"), ("x-one", "1")),
        )
        environ = environ_of(asked, b"{}", announced=2)

        assert environ["wsgi.input"].read() == b"{}"
        assert {name: environ[name] for name in environ if not name.startswith("wsgi.")} == {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/cafÃ©/Ã¼",
            "QUERY_STRING": "q=%C3%A9",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "REMOTE_ADDR": "192.0.2.7",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "library.example",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": "2",
            "HTTP_X_ONE": "1",
        }

    def test_without_a_body_there_is_no_length(self) -> None:
        assert "CONTENT_LENGTH" not in environ_of(Asked(), None, announced=0)

    def test_body_without_a_length_is_counted(self) -> None:
        assert environ_of(Asked(), b"abc", announced=None)["CONTENT_LENGTH"] == "3"

    def test_body_that_was_too_large_to_read_keeps_its_length(self) -> None:
        assert environ_of(Asked(), b"", announced=5_000_000)["CONTENT_LENGTH"] == "5000000"

    def test_header_with_an_underscore_passes_for_no_other(self) -> None:
        headers = SentHeaders(("x_forwarded_for", "203.0.113.9"), ("content_length", "9"))

        assert {"HTTP_X_FORWARDED_FOR", "CONTENT_LENGTH", "HTTP_CONTENT_LENGTH"}.isdisjoint(
            environ_of(Asked(headers=headers), None, announced=None)
        )

    def test_header_sent_twice_is_one_list(self) -> None:
        headers = SentHeaders(("x-a", "1"), ("cookie", "a=1"), ("x-a", "2"), ("cookie", "b=2"))
        environ = environ_of(Asked(headers=headers), None, announced=None)

        assert (environ["HTTP_X_A"], environ["HTTP_COOKIE"]) == ("1,2", "a=1; b=2")

    def test_authority_is_the_host_of_http_2_only(self) -> None:
        first = environ_of(Asked(authority="evil.example"), None, announced=None)
        second = environ_of(Asked(authority="library.example", http_version="2"), None, announced=None)

        assert ("HTTP_HOST" in first, second["HTTP_HOST"]) == (False, "library.example")

    @pytest.mark.parametrize(
        ("client", "address"),
        [("192.0.2.7:5", "192.0.2.7"), ("[2001:db8::7]:5", "2001:db8::7"), ("unix", ""), ("", "")],
    )
    def test_client_is_its_address(self, client: str, address: str) -> None:
        assert environ_of(Asked(client=client), None, announced=None)["REMOTE_ADDR"] == address


class Parts:
    """An answer in parts, which must be closed."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self.parts

    def close(self) -> None:
        self.closed = True


class TestAnswer:
    def test_is_what_the_application_says_and_is_closed(self) -> None:
        parts = Parts(b"a", b"b")

        def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            start("404 Not Found", [("x-a", environ["x"])])
            return parts

        answer = response_of(application, {"x": "1"})

        assert (answer.status, answer.headers, answer.body, parts.closed) == (404, [("x-a", "1")], b"ab", True)

    def test_is_closed_also_when_it_breaks(self) -> None:
        class Broken(Parts):
            def __iter__(self) -> Iterator[bytes]:
                raise OSError

        parts = Broken()

        def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            start("200 OK", [])
            return parts

        with pytest.raises(OSError):  # noqa: PT011 - it is the one raised above
            response_of(application, {})

        assert parts.closed
