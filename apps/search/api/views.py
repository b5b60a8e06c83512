"""Search over the API. Hot paths: answered by orjson."""

from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.catalog.selectors.genres import genre_spellings
from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.audience import answered_for
from apps.platform.api.audience import asked_for, audience_json, standing_of
from apps.platform.api.negotiation import JsonOnly
from apps.platform.api.pagination import page_of
from apps.platform.api.responses import json_response
from apps.platform.api.schema import refusal
from apps.platform.api.shapes import read_query
from apps.platform.services.errors import ContradictionError
from apps.search.api import schema
from apps.search.selectors.facets import Filters
from apps.search.services.searching import LAST_PLACE, SearchQuestion, search
from apps.search.services.suggesting import suggest
from epicml.audience.asking import AnsweredFor
from epicml.audience.bands import AgeBand


class SuggestView(APIView):
    """Complete what a reader is typing."""

    scopes = {"GET": "search:read"}
    content_negotiation_class = JsonOnly

    @extend_schema(operation_id="suggest", parameters=[schema.SuggestQuery], responses={200: schema.SuggestAnswer})
    def get(self, request: Request) -> HttpResponse:
        """Complete what a reader is typing; a blank at the end says that the word is complete."""
        query = read_query(schema.SuggestQuery, request)
        asked = asked_for(query, answered_for, standing_of(request))
        found = suggest(query.get("q", ""), limit=query["limit"], age_band=asked.age_band, now=timezone.now())
        return _answer(found, asked)


class SearchView(APIView):
    """Find books by their words, with filters and facets; without a text, every book by popularity."""

    scopes = {"GET": "search:read"}
    content_negotiation_class = JsonOnly

    @extend_schema(
        operation_id="search",
        parameters=[schema.SearchQuery],
        responses={200: schema.SearchAnswer, 409: refusal("The page begins behind the first 10,000 books.")},
    )
    def get(self, request: Request) -> HttpResponse:
        """Find books by their words. Of the books found the first 10,000 can be paged through."""
        query = read_query(schema.SearchQuery, request)
        page = page_of(query)
        if page.start >= LAST_PLACE:
            raise ContradictionError({"page": [f"Only the first {LAST_PLACE} books can be paged through."]})
        asked = asked_for(query, answered_for, standing_of(request))
        question = SearchQuestion(
            text=query.get("q", ""),
            filters=_filters(query, asked.age_band),
            page=page.number,
            page_size=page.size,
            reader_key=asked.reader,
            age_band=asked.age_band,
        )
        shown = request.method == "GET"  # a HEAD shows nothing to anybody
        return _answer(search(question, is_shown=shown, now=timezone.now()), asked)


def _answer(found: Any, asked: AnsweredFor) -> HttpResponse:
    """Write the answer of a service with the field that says for whom it is."""
    answer = {field.name: getattr(found, field.name) for field in fields_of(found)}
    return json_response({**answer, "audience": audience_json(asked)})


def _filters(query: Mapping[str, Any], band: AgeBand) -> Filters:
    """Return what was chosen, genres as they are written where this band may see them."""
    genres = query.get("genres", [])
    return Filters(
        age_bands=query.get("age_bands", []),
        reading_levels=query.get("reading_levels", []),
        languages=list(query.get("languages", ())),
        genres=genre_spellings(shelf(), genres, audience=band) if genres else [],
    )
