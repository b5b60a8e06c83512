"""Books over the API: read them as a reader may see them, save and delete them many at a time."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.catalog.api import schema
from apps.catalog.api.reading import KEY, read_book
from apps.catalog.selectors.books import BookNotFoundError
from apps.catalog.selectors.shelf import books_page, shelf
from apps.catalog.services.audience import audience_band
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import REFUSED, SaveReport, delete_books, save_books
from apps.catalog.services.limits import BOOKS_PER_BATCH
from apps.platform.api.pagination import page_answer, read_page
from apps.platform.api.parsing import Fields, InvalidInputError, json_body
from apps.platform.api.responses import json_response
from epicml.audience.bands import CODES, AgeBand

AUDIENCE = [
    OpenApiParameter("reader", str, description="Show what this reader may see."),
    OpenApiParameter(
        "age_band", str, enum=list(CODES.values()), description="Show what this band may see; default: the youngest."
    ),
]


class BooksView(APIView):
    """The catalogue: a page of it, or many changes to it."""

    scopes = {"GET": "catalog:read", "POST": "catalog:write", "PUT": "catalog:write", "DELETE": "catalog:write"}

    @extend_schema(
        operation_id="list_books",
        parameters=[*AUDIENCE, OpenApiParameter("page", int), OpenApiParameter("page_size", int)],
        responses={200: schema.BookPage},
    )
    def get(self, request: Request) -> HttpResponse:
        fields = Fields(request.query_params)
        page = read_page(fields)
        band = _audience(fields)
        cards, total = books_page(band, start=page.start, stop=page.stop)
        return json_response(page_answer([card.as_json() for card in cards], page=page, total=total))

    @extend_schema(operation_id="save_books", request=schema.BookBatch, responses={200: schema.SavedBatch})
    def post(self, request: Request) -> HttpResponse:
        return self._save(request, whole=False)

    @extend_schema(operation_id="put_books", request=schema.BookBatch, responses={200: schema.SavedBatch})
    def put(self, request: Request) -> HttpResponse:
        return self._save(request, whole=True)

    @extend_schema(operation_id="delete_books", request=schema.KeyBatch, responses={200: schema.DeletedBatch})
    def delete(self, request: Request) -> HttpResponse:
        fields = Fields(json_body(request))
        keys = fields.texts("keys", max_items=BOOKS_PER_BATCH, max_length=64, required=True)
        fields.check()
        return json_response({"deleted": delete_books(keys, now=timezone.now())})

    def _save(self, request: Request, *, whole: bool) -> HttpResponse:
        fields = Fields(json_body(request))
        records = fields.records("books", max_items=BOOKS_PER_BATCH)
        fields.check()
        read = [_read(record, whole=whole) for record in records]
        saved = save_books([book for book in read if isinstance(book, BookInput)], now=timezone.now())
        items = [_item(book, record, saved) for book, record in zip(read, records, strict=True)]
        counts = {"created": saved.created, "updated": saved.updated, "unchanged": saved.unchanged}
        refused = sum(item["status"] == REFUSED for item in items)
        return json_response({"items": items, **counts, "refused": refused})


class BookView(APIView):
    """One book."""

    scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="get_book", parameters=AUDIENCE, responses={200: schema.Book})
    def get(self, request: Request, key: str) -> HttpResponse:
        band = _audience(Fields(request.query_params))
        card = shelf().card(key)
        if card.age_band > band:
            raise BookNotFoundError(key)
        return json_response(card.as_json())


def _audience(fields: Fields) -> AgeBand:
    reader = fields.optional_text("reader", max_length=64)
    age_band = fields.optional_age_band()
    fields.check()
    return audience_band(reader, age_band)


def _read(record: Any, *, whole: bool) -> BookInput | InvalidInputError:
    try:
        return read_book(record, whole=whole)
    except InvalidInputError as error:
        return error


def _item(book: BookInput | InvalidInputError, record: Any, saved: SaveReport) -> dict[str, Any]:
    if isinstance(book, BookInput):
        reasons = {"title": [saved.reasons[book.key]]} if book.key in saved.reasons else {}
        remarks = [{"field": remark.field, "reason": remark.reason} for remark in saved.remarks.get(book.key, ())]
        return {"key": book.key, "status": saved.outcomes[book.key], "fields": reasons, "remarks": remarks}
    key = record.get("key") if isinstance(record, dict) else None
    known = key if isinstance(key, str) and KEY.fullmatch(key) else None
    return {"key": known, "status": REFUSED, "fields": book.fields, "remarks": []}
