import logging
from contextvars import copy_context
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from apps.platform.services.logs import RequestIdFilter, request_id

logger = logging.getLogger("apps.platform.test")


def noisy(request: HttpRequest) -> HttpResponse:
    logger.warning("something was noticed")
    return HttpResponse()


urlpatterns = [path("noisy", noisy)]


def _as_arguments(formatter: dict[str, Any]) -> dict[str, Any]:
    return {"fmt": formatter["format"], "style": formatter["style"]}


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

    def test_drops_no_record_and_gives_the_line_its_id(self) -> None:
        logging_settings: dict[str, Any] = settings.LOGGING
        line = logging.Formatter(**_as_arguments(logging_settings["formatters"]["line"])).format(record())
        assert line.endswith("INFO - apps: said this")


@pytest.mark.django_db
@pytest.mark.urls(__name__)
class TestLogOfARequest:
    def test_bears_the_id_that_the_answer_names(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        caplog.handler.addFilter(RequestIdFilter())
        answers = [client.get("/noisy") for _ in range(2)]
        ids = [found.__dict__["request_id"] for found in caplog.records if found.name == logger.name]
        assert ids == [answer["X-Request-Id"] for answer in answers]
        assert len(set(ids)) == 2
