"""Search over the API. Hot paths: parsed by hand, answered by orjson."""

import re

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.platform.api.negotiation import JsonOnly
from apps.platform.api.pagination import LARGEST_PAGE, read_page
from apps.platform.api.parsing import Fields
from apps.platform.api.responses import json_response
from apps.search.api import schema
from apps.search.selectors.facets import Filters
from apps.search.services.searching import LAST_PLACE, SearchQuestion, search
from apps.search.services.suggesting import suggest
from epicml.audience.bands import AgeBand

READER_FORM = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
LONGEST_TEXT = 200
LARGEST_LIST = 50
MOST_CHOICES = 50

TEXT = OpenApiParameter("q", str, description=f"What the reader types, up to {LONGEST_TEXT} characters; an ISBN too.")
AUDIENCE = [
    OpenApiParameter("reader", str, description="For this reader; never above their age band."),
    OpenApiParameter("age_band", str, description="For this band, such as 9-11. Without reader and band: 0-5."),
]


class SuggestView(APIView):
    """Complete what a reader is typing."""

    scopes = {"GET": "search:read"}
    content_negotiation_class = JsonOnly

    @extend_schema(
        operation_id="suggest",
        parameters=[
            TEXT,
            OpenApiParameter(
                "limit", int, description=f"How many books, 1 to {LARGEST_LIST} (10). Up to 4 names follow them."
            ),
            *AUDIENCE,
        ],
        responses={200: schema.SuggestAnswer},
    )
    def get(self, request: Request) -> HttpResponse:
        fields = Fields(request.query_params)
        limit = fields.integer("limit", default=10, low=1, high=LARGEST_LIST)
        reader, band = _audience(fields)
        text = _typed_text(fields)
        fields.check()
        return json_response(suggest(text, limit=limit, reader_key=reader, age_band=band, now=timezone.now()))


class SearchView(APIView):
    """Find books by their words, with filters and facets; without a text, every book by popularity."""

    scopes = {"GET": "search:read"}
    content_negotiation_class = JsonOnly

    @extend_schema(
        operation_id="search",
        parameters=[
            TEXT,
            *AUDIENCE,
            OpenApiParameter("age_bands", str, many=True, description="Only books of these bands."),
            OpenApiParameter("reading_levels", int, many=True, description="Only books of these levels, 1 to 12."),
            OpenApiParameter("languages", str, many=True, description="Only books in these languages, such as en."),
            OpenApiParameter("genres", str, many=True, description="Only books of any of these genres."),
            OpenApiParameter("page", int, description=f"From 1; the first {LAST_PLACE} books can be paged through."),
            OpenApiParameter("page_size", int, description=f"1 to {LARGEST_PAGE} (20)."),
        ],
        responses={200: schema.SearchAnswer},
    )
    def get(self, request: Request) -> HttpResponse:
        fields = Fields(request.query_params)
        page = read_page(fields)
        if page.start >= LAST_PLACE:
            fields.complain("page", f"Only the first {LAST_PLACE} books can be paged through.")
        reader, band = _audience(fields)
        question = SearchQuestion(
            text=_typed_text(fields),
            filters=_filters(fields),
            page=page.number,
            page_size=page.size,
            reader_key=reader,
            age_band=band,
        )
        fields.check()
        return json_response(search(question, now=timezone.now()))


def _typed_text(fields: Fields) -> str:
    """As typed: a blank at the end says that the word is complete, and blanks alone hold nothing to search for."""
    fields.text("q", required=False, max_length=LONGEST_TEXT)
    return fields.raw("q") or ""


def _audience(fields: Fields) -> tuple[str | None, AgeBand | None]:
    return fields.optional_text("reader", max_length=64, pattern=READER_FORM), fields.optional_age_band()


def _filters(fields: Fields) -> Filters:
    bands = [_band(fields, code) for code in fields.texts("age_bands", max_items=len(AgeBand), max_length=8)]
    levels = [_level(fields, text) for text in fields.texts("reading_levels", max_items=12, max_length=2)]
    return Filters(
        age_bands=[band for band in bands if band is not None],
        reading_levels=[level for level in levels if level is not None],
        languages=fields.texts("languages", max_items=MOST_CHOICES, max_length=8),
        genres=fields.texts("genres", max_items=MOST_CHOICES, max_length=100),
    )


def _band(fields: Fields, code: str) -> AgeBand | None:
    known = {band.code: band for band in AgeBand}
    if code not in known:
        fields.complain("age_bands", f"Each must be one of {', '.join(known)}.")
    return known.get(code)


def _level(fields: Fields, text: str) -> int | None:
    if not re.fullmatch(r"[1-9]|1[0-2]", text, re.ASCII):
        fields.complain("reading_levels", "Each must be a whole number from 1 to 12.")
        return None
    return int(text)
