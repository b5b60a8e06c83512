import pytest
from django.http import HttpResponse
from django.urls import path
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from apps.platform.api.negotiation import JsonOnly
from apps.platform.api.responses import json_response
from tests.client import ApiClient


class QuickView(APIView):
    content_negotiation_class = JsonOnly
    permission_classes = ()
    throttle_classes = ()

    def get(self, request: Request) -> HttpResponse:
        return json_response({"ok": True})


urlpatterns = [path("api/v1/quick", QuickView.as_view())]


@pytest.mark.django_db
@pytest.mark.urls(__name__)
class TestViewThatAnswersJsonOnly:
    @pytest.mark.parametrize(
        "accept", ["", "*/*", "text/html", "application/xml;q=1", "not a type", ",;,", "a/b" * 5000]
    )
    def test_does_so_whatever_the_client_accepts(self, accept: str) -> None:
        answer = ApiClient(headers={"Accept": accept}).get("/api/v1/quick")
        assert (answer.status_code, answer["Content-Type"], answer.json()) == (200, "application/json", {"ok": True})

    def test_answers_errors_in_json_too(self) -> None:
        answer = ApiClient(headers={"Accept": "text/html"}).post("/api/v1/quick", {})
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


class TestJsonOnly:
    def test_takes_the_first_parser_and_renderer(self) -> None:
        request = Request(APIRequestFactory().get("/", headers={"Accept": "text/html"}))
        json, form, page = JSONParser(), FormParser(), BrowsableAPIRenderer()
        renderer = JSONRenderer()
        assert JsonOnly().select_parser(request, [json, form]) is json
        assert JsonOnly().select_renderer(request, [renderer, page]) == (renderer, "application/json")
