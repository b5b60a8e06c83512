"""Scopes of views that have a method for each case; the whole way with a key is in test_authentication.py."""

from typing import Any

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from apps.platform.api.permissions import HasScope
from apps.platform.selectors.api_keys import KeyRecord
from epicml.audience.asking import TRUSTED


class BookView(APIView):
    scopes = {"GET": "search:read", "POST": "catalog:write"}

    def get(self, request: Request) -> None: ...
    def post(self, request: Request) -> None: ...
    def delete(self, request: Request) -> None: ...


class ForgetfulView(APIView):
    def get(self, request: Request) -> None: ...


def key(*scopes: str) -> KeyRecord:
    return KeyRecord(1, "test", False, frozenset(scopes), frozenset(), None, None, TRUSTED, None)


def ask(method: str, auth: Any, view: type[APIView] = BookView) -> tuple[bool, str]:
    request = Request(APIRequestFactory().generic(method, "/"))
    request.auth = auth
    permission = HasScope()
    return permission.has_permission(request, view()), permission.message


class TestHasScope:
    @pytest.mark.parametrize(
        ("method", "scopes", "may"),
        [
            ("GET", ["search:read"], True),
            ("HEAD", ["search:read"], True),
            ("HEAD", ["catalog:write"], False),
            ("GET", ["catalog:write"], False),
            ("POST", ["search:read"], False),
            ("POST", ["search:read", "catalog:write"], True),
            ("GET", [], False),
        ],
    )
    def test_wants_the_scope_of_the_method(self, method: str, scopes: list[str], may: bool) -> None:
        assert ask(method, key(*scopes))[0] is may

    def test_names_the_scope_that_is_missing(self) -> None:
        assert ask("POST", key("search:read")) == (False, "This needs a key with the scope catalog:write.")

    def test_keeps_a_method_shut_whose_scope_was_forgotten(self) -> None:
        every = key("search:read", "catalog:write", "None", "")
        assert not ask("DELETE", every)[0]
        assert not ask("GET", every, ForgetfulView)[0]

    def test_lets_a_key_learn_that_there_is_no_such_method(self) -> None:
        assert ask("PATCH", key())[0]

    @pytest.mark.parametrize("auth", [None, "search:read", {"scopes": {"search:read"}}])
    @pytest.mark.parametrize("method", ["GET", "PATCH"])
    def test_lets_nobody_in_without_a_key(self, method: str, auth: Any) -> None:
        assert not ask(method, auth)[0]
