"""Releases over the API: look at them, make one live, go back."""

import re
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.platform.api.bounds import parameter, part_of_path, text
from apps.platform.api.pagination import PAGES, page_answer, read_page
from apps.platform.api.parsing import Fields, json_body
from apps.platform.api.responses import json_response
from apps.platform.api.schema import refusal
from apps.releases.api import schema
from apps.releases.selectors.detail import release_detail
from apps.releases.selectors.listing import release_count, releases
from apps.releases.services import promotion
from apps.releases.services.kinds import rule_words
from apps.releases.services.wording import told_results

KIND_FORM = re.compile(schema.KIND_FORM)
KEY_FORM = re.compile(schema.KEY_FORM)
A_KIND = text(schema.LONGEST_KIND, least=1, pattern=schema.KIND_FORM)
KIND = part_of_path("kind", A_KIND, "search_index or recommender.")
KEY = part_of_path("key", text(schema.LONGEST_KEY, least=1, pattern=schema.KEY_FORM), "Day and number: 2026-11-24.1.")


class ReleaseListView(APIView):
    """Everything that was built to be served, newest first."""

    scopes = {"GET": "releases:read"}

    @extend_schema(
        operation_id="list_releases",
        parameters=[parameter("kind", A_KIND, "Only this kind: search_index or recommender."), *PAGES],
        responses={200: schema.ReleasePage},
    )
    def get(self, request: Request) -> HttpResponse:
        """Everything that was built to be served, newest first."""
        fields = Fields(request.query_params)
        kind = fields.optional_text("kind", max_length=schema.LONGEST_KIND, pattern=KIND_FORM)
        page = read_page(fields)
        fields.check()
        rows = releases(kind=kind, offset=page.start, limit=page.size, now=timezone.now())
        return json_response(page_answer([row.as_json() for row in rows], page=page, total=release_count(kind=kind)))


class ReleaseView(APIView):
    """One release with its report, gate, decisions, and what was live before."""

    scopes = {"GET": "releases:read"}

    @extend_schema(operation_id="get_release", parameters=[KIND, KEY], responses={200: schema.ReleaseAnswer})
    def get(self, request: Request, kind: str, key: str) -> HttpResponse:
        """One release with its report, gate, decisions, and what was live before."""
        Fields(request.query_params).check()
        detail = release_detail(kind, key, now=timezone.now())
        results = told_results(detail, rule_words(kind))
        return json_response({**detail.as_json(), "gate_results": results})


class PromoteView(APIView):
    """Make a release that passed its gate, or whose refusals are accepted by name, the live one of its kind."""

    scopes = {"POST": "releases:write"}

    @extend_schema(
        operation_id="promote_release",
        parameters=[KIND, KEY],
        request=schema.PromoteRequest,
        responses={
            200: schema.ReleaseItem,
            409: refusal(
                "It did not pass its gate, is live already, was compared with another release than the live one, its "
                "files are gone or not what was sealed, or nothing of its kind is refused under a name in `accept`."
            ),
        },
    )
    def post(self, request: Request, kind: str, key: str) -> HttpResponse:
        """Make a release that passed its gate the live one of its kind."""
        Fields(request.query_params).check()
        fields = Fields(json_body(request))
        why = fields.text("why", max_length=schema.LONGEST_REASON)
        accept = fields.texts("accept", max_items=schema.MOST_NAMES, max_length=schema.LONGEST_NAME)
        fields.check()
        who, now = _who(request), timezone.now()
        row = promotion.promote_release(kind, key, decided_by=who, why=why, now=now, accept=accept)
        return json_response(row.as_json())


class RollBackView(APIView):
    """Make an earlier release of this kind live again."""

    scopes = {"POST": "releases:write"}

    @extend_schema(
        operation_id="roll_back_release",
        parameters=[KIND],
        request=schema.RollBackRequest,
        responses={
            200: schema.ReleaseItem,
            404: refusal("There is no release of this kind and of the key in `to`."),
            409: refusal(
                "Nothing is live, nothing was live before, the release in `to` was never live or is live now, or its "
                "files are gone or not what was sealed."
            ),
        },
    )
    def post(self, request: Request, kind: str) -> HttpResponse:
        """Make an earlier release of this kind live again."""
        Fields(request.query_params).check()
        fields = Fields(json_body(request))
        why = fields.text("why", max_length=schema.LONGEST_REASON)
        to = fields.optional_text("to", max_length=schema.LONGEST_KEY, pattern=KEY_FORM)
        fields.check()
        row = promotion.roll_back(kind, to=to, decided_by=_who(request), why=why, now=timezone.now())
        return json_response(row.as_json())


def _who(request: Request) -> str:
    key: Any = request.auth
    return f"API key {key.name}"
