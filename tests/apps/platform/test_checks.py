from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from pytest_django.fixtures import Settings
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.platform.api.permissions import HasScope
from apps.platform.checks import elasticsearch_is_not_there, views_name_their_scopes


class CarefulView(APIView):
    scopes = {"GET": "search:read"}

    def get(self, request: Request) -> None: ...


class ForgetfulView(APIView):
    scopes = {"GET": "search:read"}

    def get(self, request: Request) -> None: ...
    def post(self, request: Request) -> None: ...
    def delete(self, request: Request) -> None: ...


class NamelessView(APIView):
    def get(self, request: Request) -> None: ...


class OpenView(APIView):
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> None: ...


class BothView(APIView):
    permission_classes = (AllowAny, HasScope)

    def put(self, request: Request) -> None: ...


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class Routes:
    """A URLconf with these views, one of them below another address."""

    def __init__(self, *views: Any) -> None:
        first, *others = [path(str(number), view) for number, view in enumerate(views)]
        self.urlpatterns = [path("api/", include([first])), *others]


def check_errors(settings: Settings, *views: Any) -> list[str]:
    settings.ROOT_URLCONF = Routes(*views)
    return [str(message.msg) for message in views_name_their_scopes()]


class TestViewsNameTheirScopes:
    def test_passes_views_that_do(self, settings: Settings) -> None:
        assert check_errors(settings, CarefulView.as_view(), plain, OpenView.as_view()) == []

    def test_names_view_and_method_of_one_that_forgot(self, settings: Settings) -> None:
        assert check_errors(settings, ForgetfulView.as_view(), CarefulView.as_view()) == [
            "ForgetfulView does not say which scope POST needs.",
            "ForgetfulView does not say which scope DELETE needs.",
        ]

    @pytest.mark.parametrize("view", [NamelessView, BothView])
    def test_names_a_view_that_says_nothing(self, settings: Settings, view: type[APIView]) -> None:
        (said,) = check_errors(settings, plain, view.as_view())
        assert said.startswith(f"{view.__name__} does not say which scope ")

    def test_finds_nothing_in_the_product(self) -> None:
        assert views_name_their_scopes() == []


class TestElasticsearchIsNotThere:
    def test_is_content_without_an_address(self, settings: Settings) -> None:
        settings.ELASTICSEARCH_URL = ""
        assert elasticsearch_is_not_there() == []

    def test_refuses_an_address_that_would_be_ignored(self, settings: Settings) -> None:
        settings.ELASTICSEARCH_URL = "http://localhost:9200"
        (error,) = elasticsearch_is_not_there()
        assert (error.id, error.is_serious()) == ("platform.E001", True)
        assert "ELASTICSEARCH_URL" in str(error.msg)
