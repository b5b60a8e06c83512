"""Releases over the API: look at them, make one live, go back."""

import re
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.platform.api.pagination import page_answer, read_page
from apps.platform.api.parsing import Fields, json_body
from apps.platform.api.responses import json_response
from apps.releases.api import schema
from apps.releases.selectors.detail import release_detail
from apps.releases.selectors.listing import release_count, releases
from apps.releases.services import promotion

KIND_FORM = re.compile(r"[a-z_]{1,32}")
KEY_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.[0-9]{1,6}")
LONGEST_REASON = 500
LONGEST_NAME, MOST_NAMES = 40, 20


class ReleaseListView(APIView):
    """Everything that was built to be served, newest first."""

    scopes = {"GET": "releases:read"}

    @extend_schema(
        operation_id="list_releases",
        parameters=[
            OpenApiParameter("kind", str, description="Only this kind: search_index or recommender."),
            OpenApiParameter("page", int),
            OpenApiParameter("page_size", int),
        ],
        responses={200: schema.ReleasePage},
    )
    def get(self, request: Request) -> HttpResponse:
        fields = Fields(request.query_params)
        kind = fields.optional_text("kind", pattern=KIND_FORM)
        page = read_page(fields)
        fields.check()
        rows = releases(kind=kind, offset=page.start, limit=page.size)
        return json_response(page_answer([row.as_json() for row in rows], page=page, total=release_count(kind=kind)))


class ReleaseView(APIView):
    """One release with its report, gate, decisions, and what was live before."""

    scopes = {"GET": "releases:read"}

    @extend_schema(operation_id="get_release", responses={200: schema.ReleaseAnswer})
    def get(self, request: Request, kind: str, key: str) -> HttpResponse:
        Fields(request.query_params).check()
        return json_response(release_detail(kind, key).as_json())


class PromoteView(APIView):
    """Make a release that passed its gate, or whose refusals are accepted by name, the live one of its kind."""

    scopes = {"POST": "releases:write"}

    @extend_schema(operation_id="promote_release", request=schema.PromoteRequest, responses={200: schema.ReleaseItem})
    def post(self, request: Request, kind: str, key: str) -> HttpResponse:
        fields = Fields(json_body(request))
        why = fields.text("why", max_length=LONGEST_REASON)
        accept = fields.texts("accept", max_items=MOST_NAMES, max_length=LONGEST_NAME)
        fields.check()
        who, now = _who(request), timezone.now()
        row = promotion.promote_release(kind, key, decided_by=who, why=why, now=now, accept=accept)
        return json_response(row.as_json())


class RollBackView(APIView):
    """Make an earlier release of this kind live again."""

    scopes = {"POST": "releases:write"}

    @extend_schema(
        operation_id="roll_back_release", request=schema.RollBackRequest, responses={200: schema.ReleaseItem}
    )
    def post(self, request: Request, kind: str) -> HttpResponse:
        fields = Fields(json_body(request))
        why = fields.text("why", max_length=LONGEST_REASON)
        to = fields.optional_text("to", pattern=KEY_FORM)
        fields.check()
        row = promotion.roll_back(kind, to=to, decided_by=_who(request), why=why, now=timezone.now())
        return json_response(row.as_json())


def _who(request: Request) -> str:
    key: Any = request.auth
    return f"API key {key.name}"
