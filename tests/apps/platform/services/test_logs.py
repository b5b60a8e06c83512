import logging
from types import SimpleNamespace

import pytest

from apps.platform.services.logs import RequestIdFilter, RouteFilter, request_id


def record(name: str, message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.ERROR, "file", 1, message, args, None)
    vars(made).update(extra)
    return made


class TestRequestIdFilter:
    def test_every_record_says_which_request_was_answered(self) -> None:
        inside, outside = record("a", "b"), record("a", "b")
        token = request_id.set("abcdef12")
        RequestIdFilter().filter(inside)
        request_id.reset(token)
        RequestIdFilter().filter(outside)
        assert (vars(inside)["request_id"], vars(outside)["request_id"]) == ("abcdef12", "-")


class TestRouteFilter:
    @pytest.mark.parametrize(
        ("match", "said"),
        [
            (SimpleNamespace(route="api/v1/readers/<key>/home"), "Internal Server Error: api/v1/readers/<key>/home"),
            (None, "Internal Server Error: an address that is not there"),
        ],
    )
    def test_a_failed_request_names_no_reader(self, match: object, said: str) -> None:
        line = record(
            "django.request",
            "%s: %s",
            "Internal Server Error",
            "/api/v1/readers/R-00417/home",
            request=SimpleNamespace(resolver_match=match),
        )
        assert RouteFilter().filter(line)
        assert line.getMessage() == said

    def test_other_lines_stay_as_they_are(self) -> None:
        line = record("apps.jobs", "%s ran", "search.rebuild")
        assert RouteFilter().filter(line)
        assert line.getMessage() == "search.rebuild ran"
