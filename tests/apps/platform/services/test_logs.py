import logging
from contextvars import copy_context

import pytest
from django.db import IntegrityError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path, resolve

from apps.platform.services.logs import LineFormatter, RequestIdFilter, request_id

logger = logging.getLogger("apps.platform.test")


def noisy(request: HttpRequest) -> HttpResponse:
    logger.warning("something was noticed")
    return HttpResponse()


urlpatterns = [path("noisy", noisy)]


def record() -> logging.LogRecord:
    made = logging.LogRecord("apps", logging.INFO, __file__, 1, "said %s", ("this",), None)
    assert RequestIdFilter().filter(made)
    return made


class TestRequestIdFilter:
    def test_marks_what_was_said_outside_of_a_request(self) -> None:
        assert record().__dict__["request_id"] == "-"

    def test_marks_what_was_said_in_a_request_with_its_id(self) -> None:
        def inside() -> str:
            request_id.set("from-proxy.42")
            return str(record().__dict__["request_id"])

        assert copy_context().run(inside) == "from-proxy.42"
        assert record().__dict__["request_id"] == "-"


def line(name: str, message: str, *args: object, error: BaseException | None = None, **extra: object) -> str:
    """What the log has of this."""
    raised = (type(error), error, error.__traceback__) if error else None
    said = logging.LogRecord(name, logging.WARNING, "/lib/said.py", 7, message, args, raised)
    said.__dict__.update(extra)
    return LineFormatter("{name}: {message}", style="{").format(said)


class TestLineFormatter:
    def test_writes_what_the_project_says_as_it_is(self) -> None:
        assert line("apps.jobs", "Job %s failed", "index") == "apps.jobs: Job index failed"

    @pytest.mark.parametrize(
        ("error", "shown"),
        [
            (ValueError("mia"), "ValueError"),
            (FileNotFoundError(2, "No such file or directory", "mia"), "FileNotFoundError: No such file or directory"),
            (OperationalError("database is locked"), "OperationalError: database is locked"),
            (OperationalError("timeout\nCONTEXT: mia"), "OperationalError: timeout"),
            (IntegrityError("Key (key)=(mia) already exists."), "IntegrityError"),
        ],
    )
    def test_writes_of_an_error_what_is_no_data(self, error: Exception, shown: str) -> None:
        assert line("apps.jobs", "It failed: %s", error) == f"apps.jobs: It failed: {shown}"
        assert line("apps.jobs", "It failed", error=error) == f"apps.jobs: It failed\n  {shown}"

    def test_writes_of_a_library_its_template_and_numbers(self) -> None:
        assert line("lib", "%s tried %d times: %r", "mia", 3, "mia") == ("lib: … tried 3 times: …")
        assert line("lib", "%(who)s is back", {"who": "mia"}) == "lib: … is back"
        assert line("lib", "mia is back") == "lib: said at /lib/said.py:7"

    def test_writes_of_a_request_its_status_and_the_pattern_of_its_address(self) -> None:
        request = RequestFactory().get("/readers/mia")
        assert line("django.request", "%s", "/readers/mia", request=request, status_code=500) == (
            "django.request: 500 Internal Server Error at an address that is not there"
        )
        request.resolver_match = resolve("/noisy", __name__)
        assert line("django.request", "/readers/mia", request=request, status_code=400).endswith(
            "400 Bad Request at noisy"
        )

    def test_keeps_one_record_on_one_line(self) -> None:
        assert line("apps", "a%s", "\n2026 forged\r\x1b[31m\u2028\u202e\x85") == (
            "apps: a\\n2026 forged\\r\\x1b[31m\\u2028\\u202e\\x85"
        )

    def test_names_the_causes_of_an_error_first(self) -> None:
        try:
            try:
                dict[str, int]()["mia"]
            except KeyError as cause:
                raise RuntimeError("mia") from cause
        except RuntimeError as error:
            said = line("apps", "It failed", error=error)
        kinds = [part.strip() for part in said.splitlines() if part.strip().endswith("Error")]
        assert kinds == ["KeyError", "RuntimeError"]
        assert "in test_names_the_causes_of_an_error_first" in said


@pytest.mark.django_db
@pytest.mark.urls(__name__)
class TestLogOfARequest:
    def test_bears_the_id_that_the_answer_names(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        caplog.handler.addFilter(RequestIdFilter())
        answers = [client.get("/noisy") for _ in range(2)]
        ids = [found.__dict__["request_id"] for found in caplog.records if found.name == logger.name]
        assert ids == [answer["X-Request-Id"] for answer in answers]
        assert len(set(ids)) == 2
