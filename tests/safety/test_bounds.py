"""Every bound in the OpenAPI document is the one that is enforced: at the edge a value is taken, past it refused."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.readers.services import ReaderInput, save_reader
from epicml.audience.bands import AgeBand
from tests.client import ApiClient
from tests.safety.operations import BOOK, METHODS, OPERATIONS, READER, Operation, Value, documented, resolved
from tests.safety.test_inputs import named_fields

pytestmark = pytest.mark.django_db

ISBN = "9780306406157"  # of the ISBN Users' Manual
ORIGINS = ("https://library.example", "HTTP://localhost:8000/")
TEXTS = (ISBN, "a", "en", "zh-Hant-TW", "2026-11-24.1", "9999-99-99.999999", "search_index", "a.b-c_d", "A", "é")
NOT_TEXTS = (
    "",
    " ",
    " en",
    "9-11 ",
    "2026-11-24.1 ",
    "a\u3000",
    "a b",
    ".",
    "..",
    "a\x07",
    "a@b",
    "ä@",
    "2026-11-24",
    "English!",
)
# Of other fields than their form: that what they name is there, and is the same as in the address.
NAMED = {
    ("POST events", "reader"),
    ("POST events", "book"),
    ("POST lists", "reader"),
    ("POST lists", "books"),
    ("PUT books/{key}", "key"),
    ("PATCH books/{key}", "key"),
}
# Of a kind of their own, which has tests of its own: an act on a book has none of them.
OF_SESSIONS = {"typed", "shown", "chosen"}
# Answered for the youngest, whatever it says.
LENIENT = {"reader"}


def parameters_and_fields() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Operation, place, name and schema of everything that a client sends."""
    for path, methods in documented()["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                title = f"{method.upper()} {path.removeprefix('/api/v1/')}"
                for parameter in operation.get("parameters", ()):
                    yield title, parameter["in"], parameter["name"], resolved(parameter["schema"])
                for content in operation.get("requestBody", {}).get("content", {}).values():
                    yield from ((title, "body", *found) for found in fields_of(resolved(content["schema"])))


def fields_of(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, part in schema.get("properties", {}).items():
        found = resolved(part)
        yield name, found
        if found.get("type") == "array":
            yield from fields_of(resolved(found["items"]))


SENT = {(title, place, name): schema for title, place, name, schema in parameters_and_fields()}


def is_bounded(schema: dict[str, Any]) -> bool:
    if "enum" in schema or schema.get("format") == "date-time" or schema.get("type") == "object":
        return True
    if schema["type"] in {"integer", "number"}:
        return {"minimum", "maximum"} <= schema.keys()
    if schema["type"] == "array":
        return "maxItems" in schema and is_bounded(resolved(schema["items"]))
    return {"minLength", "maxLength", "pattern"} <= schema.keys()


def edges(schema: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Values just inside of the bounds, and just outside."""
    if "enum" in schema:
        return list(schema["enum"]), ["", "nothing of this"]
    if schema["type"] in {"integer", "number"}:
        low, high = schema["minimum"], schema["maximum"]
        return [low, high], [low - 1, high + 1]
    if schema["type"] == "array":
        return edges_of_list(schema)
    if schema["type"] == "object":
        return [{}, {"a": [{"b": None}]}], ["", "{}", [], 1]
    if "pattern" not in schema:  # whatever it says
        return [*TEXTS, *NOT_TEXTS, "a" * 5000], []
    longest = "a" * schema["maxLength"]
    texts = (*TEXTS, *ORIGINS, longest)
    return [text for text in texts if fits(text, schema)], [
        text
        for text in (*NOT_TEXTS, longest + "a")
        if not fits(text if "A-Z" in schema["pattern"] else text.strip(), schema)  # blanks around free text are cut off
    ]


def edges_of_list(schema: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    item, most = resolved(schema["items"]), schema["maxItems"]
    if item.get("type") == "object":
        return [], [[], [{}] * (most + 1)]
    inside, outside = edges(item)
    return [*([value] for value in inside), [inside[0]] * most], [
        *([value] for value in outside),
        [inside[0]] * (most + 1),
    ]


def fits(text: str, schema: dict[str, Any]) -> bool:
    within = schema["minLength"] <= len(text) <= schema["maxLength"]
    return within and re.fullmatch(schema["pattern"], text, re.ASCII if "A-Z" in schema["pattern"] else 0) is not None


def ask(api: ApiClient, operation: Operation, value: Value, content: Any) -> Any:
    if value.place == "body":
        body = operation.body_with(value, content)
        if value.name == "kind" and content != "rated":  # only a rating has a value
            del body["events"][0]["value"]
        if content == "typed":
            body["events"] = [{"event_id": "e", "kind": "typed", "typed": "a", "shown": []}]
        return api.send(operation.method, operation.url(), body)
    # A page far behind has few books on it: the first 10,000 books can be paged through.
    more = {"page_size": 1} if value.name == "page" else {}
    body = None if operation.method == "DELETE" else operation.body
    return api.send(operation.method, operation.url(), body, **{value.name: content, **more})


def cases() -> list[Any]:
    return [
        pytest.param(operation, value, id=f"{operation.title} {value.place} {value.name}")
        for operation in OPERATIONS
        for value in operation.values
        if value.place != "path" and SENT[operation.title, value.place, value.name].get("format") != "date-time"
    ]


@pytest.fixture(autouse=True)
def known(now: datetime) -> None:
    save_books([BookInput(key=BOOK, title="Known", age_band=AgeBand.AGES_0_TO_5)], now=now)
    save_reader(ReaderInput(key=READER, age_band=AgeBand.AGES_9_TO_11, level_min=1, level_max=12), now=now)


class TestDocument:
    @pytest.mark.parametrize("sent", [sent for sent in SENT if sent[2] not in LENIENT], ids=" ".join)
    def test_bounds_everything_that_is_sent(self, sent: tuple[str, str, str]) -> None:
        assert is_bounded(SENT[sent]), SENT[sent]

    def test_one_without_a_bound_is_found(self) -> None:
        for schema in ({"type": "string", "maxLength": 9}, {"type": "integer", "minimum": 1}, {"type": "number"}):
            assert not is_bounded(schema)
            assert not is_bounded({"type": "array", "items": schema, "maxItems": 9})


class TestBounds:
    @pytest.mark.parametrize(("operation", "value"), cases())
    def test_at_the_edge_are_taken(self, operation: Operation, value: Value, api: ApiClient) -> None:
        inside, _ = edges(SENT[operation.title, value.place, value.name])
        for content in [ISBN, [ISBN], [ISBN] * 50][1:] if value.name == "isbns" else inside:
            answer = ask(api, operation, value, content)
            shown = f"{content!r:.80}: {answer.status_code} {answer.content[:300]!r}"
            if (operation.title, value.name) in NAMED and content not in (BOOK, READER):
                assert "There is no " in shown or "The address names" in shown, shown
                continue
            if value.name in OF_SESSIONS:
                assert f"An event of kind rated has no {value.name}." in shown, shown
                continue
            assert answer.status_code == operation.answers, shown
            refused = answer.json().get("refused", 0) if operation.method != "GET" else 0
            assert not refused or "There is no book" in shown, shown

    @pytest.mark.parametrize(("operation", "value"), [case for case in cases() if case.values[1].name not in LENIENT])
    def test_past_the_edge_are_refused_by_name(self, operation: Operation, value: Value, api: ApiClient) -> None:
        _, outside = edges(SENT[operation.title, value.place, value.name])
        assert outside
        for content in outside:
            answer = ask(api, operation, value, content)
            shown = f"{content!r:.80}: {answer.status_code} {answer.content[:300]!r}"
            refusals = {400, 409} if value.name == "isbns" else {400}  # no document states a check digit
            assert answer.status_code in ({200, 400} if value.inside else refusals), shown
            assert named_fields(answer) <= {value.name}, shown

    @pytest.mark.parametrize(
        ("operation", "value"),
        [
            pytest.param(operation, value, id=f"{operation.title} {value.name}")
            for operation in OPERATIONS
            for value in operation.values
            if value.place == "path"
        ],
    )
    def test_of_a_path_name_nothing_past_the_edge(self, operation: Operation, value: Value, api: ApiClient) -> None:
        schema = SENT[operation.title, "path", value.name]
        inside, outside = edges(schema)
        assert inside
        for content in outside:
            address = operation.url(**{value.name: str(content).replace(" ", "%20").replace("\x07", "%07")})
            if str(content) not in {"", ".", ".."}:  # a client resolves these away before it asks
                assert api.send(operation.method, address, operation.body).status_code in {400, 404}, content
