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
from apps.catalog.services.limits import KEY_PATTERN
from apps.platform.api.audience import AskerQuery, asked_for, audience_json, explaining, standing_of
from apps.platform.api.bounds import part_of_path, text
from apps.platform.api.pagination import page_answer, page_of
from apps.platform.api.parsing import InvalidInputError, json_body, sent_body
from apps.platform.api.responses import json_response
from apps.platform.api.schema import refusal
from apps.platform.api.shapes import Body, Query, read, read_body, read_query
from apps.platform.services.errors import ContradictionError, EpicmlError

CONTRADICTS = "The key is not the one in the address, or what is sent as an ISBN is none: its check digit is wrong."
BOOK_KEY = part_of_path("key", text(schema.LONGEST_KEY, least=1, pattern=KEY_PATTERN), "The book's key.")


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

    @extend_schema(operation_id="list_books", parameters=[schema.BooksQuery], responses={200: schema.BookPage})
    def get(self, request: Request) -> HttpResponse:
        """A page of the books that the reader or age band may see, in the order in which they came."""
        query = read_query(schema.BooksQuery, request)
        page, asked = page_of(query), asked_for(query, answered_for, standing_of(request))
        cards, total = books_page(asked.age_band, start=page.start, stop=page.stop)
        found = page_answer([card.as_json() for card in cards], page=page, total=total)
        return json_response({**found, "audience": audience_json(asked)})

    @extend_schema(operation_id="save_books", request=schema.BookChangeBatch, responses={200: schema.SavedBatch})
    def post(self, request: Request) -> HttpResponse:
        """Add new books and merge into known ones: what is left out stays as it was. Deleted books come back."""
        return _save_all(request, schema.BookChangeBatch, schema.BookChange)

    @extend_schema(operation_id="put_books", request=schema.WholeBookBatch, responses={200: schema.SavedBatch})
    def put(self, request: Request) -> HttpResponse:
        """Replace: each book is just as sent, and what is left out is not known any more. Unknown keys are added."""
        return _save_all(request, schema.WholeBookBatch, schema.WholeBook, whole=True)

    @extend_schema(operation_id="patch_books", request=schema.BookChangeBatch, responses={200: schema.SavedBatch})
    def patch(self, request: Request) -> HttpResponse:
        """Merge into known books: what is left out stays as it was. A book that is not there is refused."""
        return _save_all(request, schema.BookChangeBatch, schema.BookChange, only_live=True)

    @extend_schema(
        operation_id="delete_books",
        parameters=[schema.KeysQuery],
        responses={200: schema.DeletedBatch, 409: refusal("Both the address and the body name books, or neither.")},
    )
    def delete(self, request: Request) -> HttpResponse:
        """Delete the books that the address or the body names, and say how many were there."""
        return json_response({"deleted": delete_books(_named_keys(request), now=timezone.now())})


class BookView(APIView):
    """One book."""

    scopes = {"GET": "catalog:read", "PUT": "catalog:write", "PATCH": "catalog:write", "DELETE": "catalog:write"}

    @extend_schema(operation_id="get_book", parameters=[BOOK_KEY, AskerQuery], responses={200: schema.ShownBook})
    def get(self, request: Request, key: str) -> HttpResponse:
        """The book, where the reader or age band may see it; else 404, as for a book that is not there."""
        asked = asked_for(read_query(AskerQuery, request), answered_for, standing_of(request))
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
        read_query(Query, request)
        deleted = delete_books([key], now=timezone.now()) if KEY.fullmatch(key) else 0
        if not deleted:
            raise BookNotFoundError(key)
        return json_response({"deleted": deleted})


def _named_keys(request: Request) -> list[str]:
    """Read the keys of the address, or those of the body."""
    keys: list[str] | None = read_query(schema.KeysQuery, request).get("keys")
    in_body = bool(sent_body(request).strip())
    if (keys is not None) == in_body:
        said = "Name the books in the address or in the body, and in one of them only."
        raise ContradictionError({"keys": [said]})
    return keys if keys is not None else read(schema.KeyBatch, json_body(request))["keys"]


def _save_one(request: Request, key: str, *, whole: bool) -> HttpResponse:
    read_query(Query, request)
    shape = schema.NamedWholeBook if whole else schema.NamedBookChange
    book = read_book(shape, json_body(request, apart=ONLY_IN_ANSWERS), whole=whole, named=key)
    saved = save_books([book], now=timezone.now(), only_live=not whole)
    if saved.outcomes[key] == REFUSED:
        raise BookNotFoundError(key)
    return json_response(_outcome(book, saved), status=201 if saved.outcomes[key] == CREATED else 200)


def _save_all(
    request: Request,
    batch: type[Body],
    shape: type[schema.BookFields],
    *,
    whole: bool = False,
    only_live: bool = False,
) -> HttpResponse:
    records = read_body(batch, request, apart="books")["books"]
    said = [_read(shape, record, whole=whole) for record in records]
    books = [book for book in said if isinstance(book, BookInput)]
    saved = save_books(books, now=timezone.now(), only_live=only_live)
    reason_of = "key" if only_live else "title"  # a book that is not there, or a new one without a title
    items = [
        _outcome(book, saved, reason_of=reason_of) if isinstance(book, BookInput) else _refusal(book, record)
        for book, record in zip(said, records, strict=True)
    ]
    counts = {"created": saved.created, "updated": saved.updated, "unchanged": saved.unchanged}
    refused = sum(item["status"] == REFUSED for item in items)
    return json_response({"items": items, **counts, "refused": refused})


def _read(shape: type[schema.BookFields], record: Any, *, whole: bool) -> BookInput | EpicmlError:
    try:
        return read_book(shape, record, whole=whole)
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
