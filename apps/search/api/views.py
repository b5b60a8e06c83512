"""Search over the API. Hot paths: parsed by hand, answered by orjson."""

import re
from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.catalog.selectors.genres import genre_spellings
from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.audience import answered_for
from apps.catalog.services.limits import MAX_LANGUAGE, MAX_TAG, READING_LEVELS
from apps.platform.api.audience import ASKER, BANDS, audience_json, read_asker, standing_of
from apps.platform.api.bounds import WholeParameter, choice, parameter, several, text, whole
from apps.platform.api.negotiation import JsonOnly
from apps.platform.api.pagination import PAGE, PAGE_SIZE, read_page
from apps.platform.api.parsing import Fields
from apps.platform.api.responses import json_response
from apps.platform.api.schema import refusal
from apps.search.api import schema
from apps.search.selectors.facets import Filters
from apps.search.services.searching import LAST_PLACE, SearchQuestion, search
from apps.search.services.suggesting import suggest
from epicml.audience.asking import AnsweredFor
from epicml.audience.bands import AgeBand
from epicml.text.languages import TAG_FORM, UnknownLanguageError, language_code

LONGEST_TEXT = 200
MOST_CHOICES = 50
LOWEST_LEVEL, HIGHEST_LEVEL = READING_LEVELS

LIMIT = WholeParameter("limit", 1, 50, 10, "How many books. Up to 4 names of authors and series follow them.")
TEXT = parameter("q", text(LONGEST_TEXT), "What the reader types, an ISBN too; without it nothing is suggested.")
SEARCHED = parameter(
    "q", text(LONGEST_TEXT), "What the reader typed, an ISBN too; without it, all books by popularity."
)
FILTERS = [
    parameter("age_bands", several(choice(BANDS), most=len(AgeBand)), "Only books of these bands."),
    parameter(
        "reading_levels",
        several(whole(LOWEST_LEVEL, HIGHEST_LEVEL), most=HIGHEST_LEVEL),
        "Only books of these levels, 1 (easiest) to 12.",
    ),
    parameter(
        "languages",
        several(text(MAX_LANGUAGE, least=1, pattern=TAG_FORM), most=MOST_CHOICES),
        "Only books in these languages, written as for a book: en, EN, eng and en-GB all mean en.",
    ),
    parameter(
        "genres",
        several(text(MAX_TAG, least=1), most=MOST_CHOICES),
        "Only books of any of these genres; upper and lower case do not matter.",
    ),
]


class SuggestView(APIView):
    """Complete what a reader is typing."""

    scopes = {"GET": "search:read"}
    content_negotiation_class = JsonOnly

    @extend_schema(
        operation_id="suggest", parameters=[TEXT, LIMIT.documented, *ASKER], responses={200: schema.SuggestAnswer}
    )
    def get(self, request: Request) -> HttpResponse:
        """Complete what a reader is typing; a blank at the end says that the word is complete."""
        fields = Fields(request.query_params)
        limit = LIMIT.read(fields)
        typed = _typed_text(fields)
        asked = read_asker(fields, answered_for, standing_of(request))
        return _answer(suggest(typed, limit=limit, age_band=asked.age_band, now=timezone.now()), asked)


class SearchView(APIView):
    """Find books by their words, with filters and facets; without a text, every book by popularity."""

    scopes = {"GET": "search:read"}
    content_negotiation_class = JsonOnly

    @extend_schema(
        operation_id="search",
        parameters=[SEARCHED, *ASKER, *FILTERS, PAGE.documented, PAGE_SIZE.documented],
        responses={200: schema.SearchAnswer, 409: refusal("The page begins behind the first 10,000 books.")},
    )
    def get(self, request: Request) -> HttpResponse:
        """Find books by their words. Of the books found the first 10,000 can be paged through."""
        fields = Fields(request.query_params)
        page = read_page(fields)
        if page.start >= LAST_PLACE:
            fields.contradict("page", f"Only the first {LAST_PLACE} books can be paged through.")
        typed = _typed_text(fields)
        filters = _filters(fields)
        asked = read_asker(fields, answered_for, standing_of(request))
        question = SearchQuestion(
            text=typed,
            filters=_as_stored(filters, asked.age_band),
            page=page.number,
            page_size=page.size,
            reader_key=asked.reader,
            age_band=asked.age_band,
        )
        shown = request.method == "GET"  # a HEAD shows nothing to anybody
        return _answer(search(question, is_shown=shown, now=timezone.now()), asked)


def _answer(found: Any, asked: AnsweredFor) -> HttpResponse:
    """The answer of a service with the field that says for whom it is."""
    answer = {field.name: getattr(found, field.name) for field in fields_of(found)}
    return json_response({**answer, "audience": audience_json(asked)})


def _typed_text(fields: Fields) -> str:
    """As typed: a blank at the end says that the word is complete, and blanks alone hold nothing to search for."""
    fields.text("q", required=False, max_length=LONGEST_TEXT)
    return fields.raw("q") or ""


def _filters(fields: Fields) -> Filters:
    bands = [
        _band(fields, code) for code in fields.texts("age_bands", max_items=len(AgeBand), max_length=8, exact=True)
    ]
    levels = [
        _level(fields, text)
        for text in fields.texts("reading_levels", max_items=HIGHEST_LEVEL, max_length=2, exact=True)
    ]
    return Filters(
        age_bands=[band for band in bands if band is not None],
        reading_levels=[level for level in levels if level is not None],
        languages=_languages(fields),
        genres=fields.texts("genres", max_items=MOST_CHOICES, max_length=MAX_TAG),
    )


def _as_stored(filters: Filters, band: AgeBand) -> Filters:
    return (
        replace(filters, genres=genre_spellings(shelf(), filters.genres, audience=band)) if filters.genres else filters
    )


def _languages(fields: Fields) -> list[str]:
    codes = fields.texts("languages", max_items=MOST_CHOICES, max_length=MAX_LANGUAGE, exact=True)
    try:
        return list(dict.fromkeys(language_code(code) for code in codes))
    except UnknownLanguageError as error:
        fields.add_error("languages", str(error))
        return []


def _band(fields: Fields, code: str) -> AgeBand | None:
    known = {band.code: band for band in AgeBand}
    if code not in known:
        fields.add_error("age_bands", f"Each must be one of {', '.join(known)}.")
    return known.get(code)


def _level(fields: Fields, text: str) -> int | None:
    if not re.fullmatch(r"[1-9]|1[0-2]", text, re.ASCII):
        fields.add_error("reading_levels", f"Each must be a whole number from {LOWEST_LEVEL} to {HIGHEST_LEVEL}.")
        return None
    return int(text)
