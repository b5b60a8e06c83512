"""Recommendations over the API. Hot paths: parsed by hand, answered by orjson."""

import re

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.platform.api.negotiation import JsonOnly
from apps.platform.api.parsing import Fields
from apps.platform.api.responses import json_response
from apps.recommendations.api import schema
from apps.recommendations.services import answers

READER_FORM = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
LARGEST_LIST, LARGEST_ROW = 50, 20

LIMIT = OpenApiParameter("limit", int, description=f"How many books, 1 to {LARGEST_LIST} (10).")
ROW_SIZE = OpenApiParameter("limit", int, description=f"How many books in a row, 1 to {LARGEST_ROW} (10).")
AUDIENCE = [
    OpenApiParameter("reader", str, description="For this reader; never above their age band."),
    OpenApiParameter("age_band", str, description="For this band, such as 9-11. Without reader and band: 0-5."),
]


class RecommendationsView(APIView):
    """The best books for a reader at this moment."""

    scopes = {"GET": "recommendations:read"}
    content_negotiation_class = JsonOnly

    @extend_schema(operation_id="recommendations", parameters=[LIMIT], responses={200: schema.ReaderRecommendations})
    def get(self, request: Request, key: str) -> HttpResponse:
        fields = Fields(request.query_params)
        limit = fields.integer("limit", default=10, low=1, high=LARGEST_LIST)
        fields.check()
        return json_response(answers.recommend(key, limit=limit, now=timezone.now()).as_json())


class HomeView(APIView):
    """The rows of a reader's home page."""

    scopes = {"GET": "recommendations:read"}
    content_negotiation_class = JsonOnly

    @extend_schema(operation_id="home", parameters=[ROW_SIZE], responses={200: schema.HomePage})
    def get(self, request: Request, key: str) -> HttpResponse:
        fields = Fields(request.query_params)
        size = fields.integer("limit", default=10, low=1, high=LARGEST_ROW)
        fields.check()
        return json_response(answers.home_page(key, size=size, now=timezone.now()).as_json())


class SimilarView(APIView):
    """Books near another one."""

    scopes = {"GET": "recommendations:read"}
    content_negotiation_class = JsonOnly

    @extend_schema(operation_id="similar", parameters=[LIMIT, *AUDIENCE], responses={200: schema.SimilarBooks})
    def get(self, request: Request, key: str) -> HttpResponse:
        fields = Fields(request.query_params)
        limit = fields.integer("limit", default=10, low=1, high=LARGEST_LIST)
        reader, age_band = fields.optional_text("reader", pattern=READER_FORM), fields.optional_age_band()
        fields.check()
        answer = answers.similar(key, reader_key=reader, age_band=age_band, limit=limit, now=timezone.now())
        return json_response(answer.as_json())


class PopularView(APIView):
    """The most popular books of an age band."""

    scopes = {"GET": "recommendations:read"}
    content_negotiation_class = JsonOnly

    @extend_schema(
        operation_id="popular",
        parameters=[LIMIT, *AUDIENCE, OpenApiParameter("genre", str, description="Only books of this genre.")],
        responses={200: schema.PopularBooks},
    )
    def get(self, request: Request) -> HttpResponse:
        fields = Fields(request.query_params)
        limit = fields.integer("limit", default=10, low=1, high=LARGEST_LIST)
        reader, age_band = fields.optional_text("reader", pattern=READER_FORM), fields.optional_age_band()
        genre = fields.optional_text("genre", max_length=64)
        fields.check()
        answer = answers.popular(reader_key=reader, age_band=age_band, genre=genre, limit=limit, now=timezone.now())
        return json_response(answer.as_json())
