"""Books over the API: read them as a reader may see them, save and delete them one by one or many at a time."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.catalog.api import schema
from apps.catalog.api.reading import KEY, ONLY_IN_ANSWERS, read_book
from apps.catalog.selectors.books import BookNotFoundError
from apps.catalog.selectors.shelf import books_page, shelf
from apps.catalog.services.audience import answered_for
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import CREATED, REFUSED, SaveReport, delete_books, save_books
from apps.catalog.services.limits import BOOKS_PER_BATCH, KEY_PATTERN
from apps.platform.api.audience import ASKER, audience_json, explaining, read_asker, standing_of
from apps.platform.api.bounds import parameter, part_of_path, several, text
from apps.platform.api.pagination import PAGES, page_answer, read_page
from apps.platform.api.parsing import Fields, InvalidInputError, json_body, sent_body
from apps.platform.api.responses import json_response
from apps.platform.api.schema import refusal
from apps.platform.services.errors import ContradictionError, EpicmlError

LONGEST_KEY = 64
CONTRADICTS = "The key is not the one in the address, or what is sent as an ISBN is none: its check digit is wrong."
BOOK_KEY = part_of_path("key", text(LONGEST_KEY, least=1, pattern=KEY_PATTERN), "The book's key.")
KEYS = parameter(
    "keys",
    several(text(LONGEST_KEY, least=1), most=BOOKS_PER_BATCH),
    "The keys, repeated: ?keys=a&keys=b. Instead of a body, for clients that send none with DELETE.",
)


class BooksView(APIView):
    """The catalogue: a page of it, or many changes to it."""

    scopes = {
        "GET": "catalog:read",
        "POST": "catalog:write",
        "PUT": "catalog:write",
        "PATCH": "catalog:write",
        "DELETE": "catalog:write",
    }
    delete_body = schema.KeyBatch

    @extend_schema(operation_id="list_books", parameters=[*ASKER, *PAGES], responses={200: schema.BookPage})
    def get(self, request: Request) -> HttpResponse:
        """A page of the books that the reader or age band may see, in the order in which they came."""
        fields = Fields(request.query_params)
        page = read_page(fields)
        asked = read_asker(fields, answered_for, standing_of(request))
        cards, total = books_page(asked.age_band, start=page.start, stop=page.stop)
        found = page_answer([card.as_json() for card in cards], page=page, total=total)
        return json_response({**found, "audience": audience_json(asked)})

    @extend_schema(operation_id="save_books", request=schema.BookChangeBatch, responses={200: schema.SavedBatch})
    def post(self, request: Request) -> HttpResponse:
        """Add new books and merge into known ones: what is left out stays as it was. Deleted books come back."""
        return _save_all(request, whole=False)

    @extend_schema(operation_id="put_books", request=schema.WholeBookBatch, responses={200: schema.SavedBatch})
    def put(self, request: Request) -> HttpResponse:
        """Replace: each book is just as sent, and what is left out is not known any more. Unknown keys are added."""
        return _save_all(request, whole=True)

    @extend_schema(operation_id="patch_books", request=schema.BookChangeBatch, responses={200: schema.SavedBatch})
    def patch(self, request: Request) -> HttpResponse:
        """Merge into known books: what is left out stays as it was. A book that is not there is refused."""
        return _save_all(request, whole=False, only_live=True)

    @extend_schema(
        operation_id="delete_books",
        parameters=[KEYS],
        responses={200: schema.DeletedBatch, 409: refusal("Both the address and the body name books, or neither.")},
    )
    def delete(self, request: Request) -> HttpResponse:
        """Delete the books that the address or the body names, and say how many were there."""
        return json_response({"deleted": delete_books(_named_keys(request), now=timezone.now())})


class BookView(APIView):
    """One book."""

    scopes = {"GET": "catalog:read", "PUT": "catalog:write", "PATCH": "catalog:write", "DELETE": "catalog:write"}

    @extend_schema(operation_id="get_book", parameters=[BOOK_KEY, *ASKER], responses={200: schema.ShownBook})
    def get(self, request: Request, key: str) -> HttpResponse:
        """The book, where the reader or age band may see it; else 404, as for a book that is not there."""
        asked = read_asker(Fields(request.query_params), answered_for, standing_of(request))
        with explaining(asked):
            card = shelf().card(key)
            if card.age_band > asked.age_band:
                raise BookNotFoundError(key)
        return json_response({**card.as_json(), "audience": audience_json(asked)})

    @extend_schema(
        operation_id="put_book",
        parameters=[BOOK_KEY],
        request=schema.NamedWholeBook,
        responses={200: schema.SavedBook, 201: schema.SavedBook, 409: refusal(CONTRADICTS)},
    )
    def put(self, request: Request, key: str) -> HttpResponse:
        """Replace or add: the book is just as sent, and what is left out is not known any more."""
        return _save_one(request, key, whole=True)

    @extend_schema(
        operation_id="patch_book",
        parameters=[BOOK_KEY],
        request=schema.NamedBookChange,
        responses={200: schema.SavedBook, 409: refusal(CONTRADICTS)},
    )
    def patch(self, request: Request, key: str) -> HttpResponse:
        """Merge: what is left out stays as it was. 404 where there is no such book."""
        return _save_one(request, key, whole=False)

    @extend_schema(
        operation_id="delete_book", parameters=[BOOK_KEY], request=None, responses={200: schema.DeletedBatch}
    )
    def delete(self, request: Request, key: str) -> HttpResponse:
        """Delete the book: nobody finds it any more. 404 where there is no such book."""
        Fields(request.query_params).check()
        deleted = delete_books([key], now=timezone.now()) if KEY.fullmatch(key) else 0
        if not deleted:
            raise BookNotFoundError(key)
        return json_response({"deleted": deleted})


def _named_keys(request: Request) -> list[str]:
    """The keys of the address, or those of the body."""
    fields = Fields(request.query_params)
    keys = fields.texts("keys", max_items=BOOKS_PER_BATCH, max_length=LONGEST_KEY)
    in_body = bool(sent_body(request).strip())
    if fields.has("keys") == in_body:
        fields.contradict("keys", "Name the books in the address or in the body, and in one of them only.")
    fields.check()
    if in_body:
        fields = Fields(json_body(request))
        keys = fields.texts("keys", max_items=BOOKS_PER_BATCH, max_length=LONGEST_KEY, required=True)
        fields.check()
    return keys


def _save_one(request: Request, key: str, *, whole: bool) -> HttpResponse:
    Fields(request.query_params).check()
    book = read_book(json_body(request, apart=ONLY_IN_ANSWERS), whole=whole, named=key)
    saved = save_books([book], now=timezone.now(), only_live=not whole)
    if saved.outcomes[key] == REFUSED:
        raise BookNotFoundError(key)
    return json_response(_outcome(book, saved), status=201 if saved.outcomes[key] == CREATED else 200)


def _save_all(request: Request, *, whole: bool, only_live: bool = False) -> HttpResponse:
    Fields(request.query_params).check()
    fields = Fields(json_body(request, apart="books"))
    records = fields.records("books", max_items=BOOKS_PER_BATCH)
    fields.check()
    read = [_read(record, whole=whole) for record in records]
    books = [book for book in read if isinstance(book, BookInput)]
    saved = save_books(books, now=timezone.now(), only_live=only_live)
    reason_of = "key" if only_live else "title"  # a book that is not there, or a new one without a title
    items = [
        _outcome(book, saved, reason_of=reason_of) if isinstance(book, BookInput) else _refusal(book, record)
        for book, record in zip(read, records, strict=True)
    ]
    counts = {"created": saved.created, "updated": saved.updated, "unchanged": saved.unchanged}
    refused = sum(item["status"] == REFUSED for item in items)
    return json_response({"items": items, **counts, "refused": refused})


def _read(record: Any, *, whole: bool) -> BookInput | EpicmlError:
    try:
        return read_book(record, whole=whole)
    except (InvalidInputError, ContradictionError) as error:
        return error


def _outcome(book: BookInput, saved: SaveReport, *, reason_of: str = "title") -> dict[str, Any]:
    remarks = [{"field": remark.field, "reason": remark.reason} for remark in saved.remarks.get(book.key, ())]
    reasons = {reason_of: [saved.reasons[book.key]]} if book.key in saved.reasons else {}
    return {"key": book.key, "status": saved.outcomes[book.key], "fields": reasons, "remarks": remarks}


def _refusal(error: EpicmlError, record: Any) -> dict[str, Any]:
    key = record.get("key") if isinstance(record, dict) else None
    known = key if isinstance(key, str) and KEY.fullmatch(key) else None
    return {"key": known, "status": REFUSED, "fields": error.fields, "remarks": []}
