"""What views raise, as clients see it; what never reaches a view is in test_middleware.py."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.platform.api.errors import error_response, exception_handler, is_api_request
from apps.platform.services.errors import ConflictError, EpicmlError, NotFoundError, UnavailableError
from tests.client import ApiClient

URL = "/api/v1/raise"
RAISED: dict[str, Exception] = {
    "refused": EpicmlError("The title is missing.", fields={"title": ["This field is required."]}),
    "missing": NotFoundError("There is no book 'x'."),
    "conflict": ConflictError("It changed in the meantime."),
    "unavailable": UnavailableError("The storage does not answer."),
    "too-large": RequestDataTooBig(),
    "404": Http404("a path of the machine"),
    "denied": PermissionDenied("a reason of ours"),
    "parse": exceptions.ParseError("JSON parse error"),
    "fields": exceptions.ValidationError({"limit": ["Too many.", "Not odd."], "q": "Empty."}),
    "method": exceptions.MethodNotAllowed("BREW"),
    "throttled": exceptions.Throttled(wait=2.2),
    "anonymous": exceptions.NotAuthenticated(),
    "unsupported": exceptions.UnsupportedMediaType("text/csv"),
    "fault": ZeroDivisionError("a secret of ours"),
}


class RaisingView(APIView):
    permission_classes = ()
    throttle_classes = ()

    def get(self, request: Request) -> HttpResponse:
        raise RAISED[request.query_params["what"]]


urlpatterns = [path("api/v1/raise", RaisingView.as_view())]
handler500 = "apps.platform.api.errors.server_error"


@pytest.mark.django_db
@pytest.mark.urls(__name__)
class TestWhatAViewRaises:
    @pytest.mark.parametrize(
        ("what", "status", "body"),
        [
            ("refused", 400, ("refused", "The title is missing.", {"title": ["This field is required."]})),
            ("missing", 404, ("not_found", "There is no book 'x'.", {})),
            ("conflict", 409, ("conflict", "It changed in the meantime.", {})),
            ("unavailable", 503, ("unavailable", "The storage does not answer.", {})),
            ("too-large", 413, ("too_large", "The body is larger than 1 MiB.", {})),
            ("404", 404, ("not_found", "There is nothing at this address.", {})),
            ("denied", 403, ("forbidden", "This key may not do that.", {})),
            ("parse", 400, ("parse_error", "JSON parse error", {})),
            (
                "fields",
                400,
                ("invalid", "The request has errors.", {"limit": ["Too many.", "Not odd."], "q": ["Empty."]}),
            ),
            ("method", 405, ("method_not_allowed", 'Method "BREW" not allowed.', {})),
            ("unsupported", 415, ("unsupported_media_type", 'Unsupported media type "text/csv" in request.', {})),
        ],
    )
    def test_is_answered_in_the_one_shape(self, what: str, status: int, body: tuple[str, str, dict[str, Any]]) -> None:
        answer = ApiClient().get(URL, what=what)
        assert answer.status_code == status
        assert answer.json() == dict(zip(("code", "message", "fields"), body, strict=True))
        assert answer["Content-Type"] == "application/json"

    def test_says_when_to_come_back(self) -> None:
        answer = ApiClient().get(URL, what="throttled")
        assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
        assert answer["Retry-After"] == "3"  # 2.2 seconds are over by then
        assert "3 seconds" in answer.json()["message"]

    def test_says_how_to_authenticate(self) -> None:
        answer = ApiClient().get(URL, what="anonymous")
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")

    def test_shows_nothing_of_a_fault_of_ours(self) -> None:
        answer = ApiClient().get(URL, what="fault")
        assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
        assert "secret" not in answer.text


class TestExceptionHandler:
    def test_leaves_to_django_what_it_does_not_know(self) -> None:
        assert exception_handler(ZeroDivisionError(), {}) is None


class TestErrorResponse:
    def test_has_all_three_parts_also_without_fields(self) -> None:
        answer = error_response(code="x", message="It is so.", status=418)
        assert (answer.status_code, answer.content) == (418, b'{"code":"x","message":"It is so.","fields":{}}')


class TestForProgram:
    @pytest.mark.parametrize(
        ("address", "is_program"),
        [("/api/v1/books", True), ("/health/live", True), ("/metrics", True), ("/", False), ("/admin/", False)],
    )
    def test_is_told_by_the_address(self, address: str, is_program: bool) -> None:
        assert is_api_request(RequestFactory().get(address)) is is_program

    def test_a_person_gets_a_page(self, client: Client, db: None) -> None:
        answer = client.get("/admin/no/such/page/", follow=True)
        assert answer["Content-Type"].startswith("text/html")
