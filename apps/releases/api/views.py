"""Releases over the API: look at them, make one live, go back."""

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.platform.api.authentication import key_of
from apps.platform.api.bounds import part_of_path, text
from apps.platform.api.pagination import page_answer, page_of
from apps.platform.api.responses import json_response
from apps.platform.api.schema import refusal
from apps.platform.api.shapes import Query, read_body, read_query
from apps.releases.api import schema
from apps.releases.selectors.detail import release_detail
from apps.releases.selectors.listing import release_count, releases
from apps.releases.services import promotion
from apps.releases.services.kinds import rule_words
from apps.releases.services.wording import told_results

KIND = part_of_path(
    "kind", text(schema.LONGEST_KIND, least=1, pattern=schema.KIND_FORM), "search_index or recommender."
)
KEY = part_of_path("key", text(schema.LONGEST_KEY, least=1, pattern=schema.KEY_FORM), "Day and number: 2026-11-24.1.")


class ReleaseListView(APIView):
    """Everything that was built to be served, newest first."""

    scopes = {"GET": "releases:read"}

    @extend_schema(
        operation_id="list_releases",
        parameters=[schema.ReleasesQuery],
        responses={200: schema.ReleasePage},
    )
    def get(self, request: Request) -> HttpResponse:
        """Everything that was built to be served, newest first."""
        asked = read_query(schema.ReleasesQuery, request)
        page, kind = page_of(asked), asked.get("kind")
        rows = releases(kind=kind, offset=page.start, limit=page.size, now=timezone.now())
        return json_response(page_answer([row.as_json() for row in rows], page=page, total=release_count(kind=kind)))


class ReleaseView(APIView):
    """One release with its report, gate, decisions, and what was live before."""

    scopes = {"GET": "releases:read"}

    @extend_schema(operation_id="get_release", parameters=[KIND, KEY], responses={200: schema.ReleaseAnswer})
    def get(self, request: Request, kind: str, key: str) -> HttpResponse:
        """One release with its report, gate, decisions, and what was live before."""
        read_query(Query, request)
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
        said, who, now = read_body(schema.PromoteRequest, request), _who(request), timezone.now()
        accept = said.get("accept") or ()
        row = promotion.promote_release(kind, key, decided_by=who, why=said["why"], now=now, accept=accept)
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
        said, who, now = read_body(schema.RollBackRequest, request), _who(request), timezone.now()
        row = promotion.roll_back(kind, to=said.get("to"), decided_by=who, why=said["why"], now=now)
        return json_response(row.as_json())


def _who(request: Request) -> str:
    return f"API key {key_of(request).name}"
