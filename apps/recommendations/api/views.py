"""Recommendations over the API. Hot paths: answered by orjson. A HEAD shows nothing to anybody."""

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.catalog.services.audience import answered_for
from apps.catalog.services.limits import KEY_PATTERN
from apps.platform.api.audience import asked_for, audience_json, explaining, standing_of
from apps.platform.api.bounds import part_of_path, text
from apps.platform.api.negotiation import JsonOnly
from apps.platform.api.responses import json_response
from apps.platform.api.shapes import read_query
from apps.recommendations.api import schema
from apps.recommendations.services import answers
from epicml.audience.asking import READER_KEY_FORM

READER_KEY = part_of_path("key", text(64, least=1, pattern=READER_KEY_FORM), "The reader's pseudonym.")
BOOK_KEY = part_of_path("key", text(64, least=1, pattern=KEY_PATTERN), "The book's key.")


class RecommendationsView(APIView):
    """The best books for a reader at this moment."""

    scopes = {"GET": "recommendations:read"}
    content_negotiation_class = JsonOnly

    @extend_schema(
        operation_id="recommendations",
        parameters=[READER_KEY, schema.ListQuery],
        responses={200: schema.ReaderRecommendations},
    )
    def get(self, request: Request, key: str) -> HttpResponse:
        """Recommend the best books for the reader at this moment, within the reader's own age band."""
        query = read_query(schema.ListQuery, request)
        answer = answers.recommend(
            key,
            limit=query["limit"],
            standing=standing_of(request),
            is_shown=request.method == "GET",
            now=timezone.now(),
        )
        return json_response(answer.as_json())


class HomeView(APIView):
    """The rows of a reader's home page."""

    scopes = {"GET": "recommendations:read"}
    content_negotiation_class = JsonOnly

    @extend_schema(operation_id="home", parameters=[READER_KEY, schema.HomeQuery], responses={200: schema.HomePage})
    def get(self, request: Request, key: str) -> HttpResponse:
        """Return rows of books for the reader's home page; no book stands in two of them."""
        query = read_query(schema.HomeQuery, request)
        answer = answers.home_page(
            key,
            size=query["limit"],
            standing=standing_of(request),
            is_shown=request.method == "GET",
            now=timezone.now(),
        )
        return json_response(answer.as_json())


class SimilarView(APIView):
    """Books near another one."""

    scopes = {"GET": "recommendations:read"}
    content_negotiation_class = JsonOnly

    @extend_schema(
        operation_id="similar",
        parameters=[BOOK_KEY, schema.SimilarQuery],
        responses={200: schema.SimilarBooks},
    )
    def get(self, request: Request, key: str) -> HttpResponse:
        """List books near this one, which must itself be one that the reader or age band may see."""
        query = read_query(schema.SimilarQuery, request)
        asked = asked_for(query, answered_for, standing_of(request))
        with explaining(asked):
            answer = answers.similar(
                key,
                reader_key=asked.reader,
                age_band=asked.age_band,
                limit=query["limit"],
                is_shown=request.method == "GET",
                now=timezone.now(),
            )
        return json_response({**answer.as_json(), "audience": audience_json(asked)})


class PopularView(APIView):
    """The most popular books of an age band."""

    scopes = {"GET": "recommendations:read"}
    content_negotiation_class = JsonOnly

    @extend_schema(
        operation_id="popular",
        parameters=[schema.PopularQuery],
        responses={200: schema.PopularBooks},
    )
    def get(self, request: Request) -> HttpResponse:
        """List the most popular books for the reader or age band."""
        query = read_query(schema.PopularQuery, request)
        asked = asked_for(query, answered_for, standing_of(request))
        answer = answers.popular(
            reader_key=asked.reader,
            age_band=asked.age_band,
            genre=query.get("genre"),
            limit=query["limit"],
            is_shown=request.method == "GET",
            now=timezone.now(),
        )
        return json_response({**answer.as_json(), "audience": audience_json(asked)})
