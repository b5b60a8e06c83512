"""What the published document admits is read, and what it refuses is refused: the reader and the schema are one thing.

The document's schemas are judged by a library that knows nothing of the reader.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from django.http import QueryDict
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from apps.catalog.api import schema as catalog
from apps.events.api import schema as events
from apps.events.services.checking import RefusedEventError, checked_event
from apps.events.services.reported_lists import checked_list
from apps.jobs.api import schema as jobs
from apps.platform.api.audience import AskerQuery
from apps.platform.api.parsing import InvalidInputError
from apps.platform.api.shapes import Body, Query, read
from apps.platform.services.errors import ContradictionError
from apps.readers.api import schema as readers
from apps.recommendations.api import schema as recommendations
from apps.releases.api import schema as releases
from apps.search.api import schema as search
from tests.conformance import document, strict

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
QUERIES: dict[str, type[Query]] = {
    "suggest": search.SuggestQuery,
    "search": search.SearchQuery,
    "recommendations": recommendations.ListQuery,
    "home": recommendations.HomeQuery,
    "similar": recommendations.SimilarQuery,
    "popular": recommendations.PopularQuery,
    "list_books": catalog.BooksQuery,
    "get_book": AskerQuery,
    "delete_books": catalog.KeysQuery,
    "list_jobs": jobs.JobsQuery,
    "list_releases": releases.ReleasesQuery,
}
BODIES: dict[str, type[Body]] = {
    "WholeBookRequest": catalog.WholeBook,
    "BookChangeRequest": catalog.BookChange,
    "NamedWholeBookRequest": catalog.NamedWholeBook,
    "NamedBookChangeRequest": catalog.NamedBookChange,
    "WholeBookBatchRequest": catalog.WholeBookBatch,
    "KeyBatchRequest": catalog.KeyBatch,
    "ReaderProfileRequest": readers.ReaderProfile,
    "ReaderChangeRequest": readers.ReaderChange,
    "ReaderTokenRequestRequest": readers.ReaderTokenRequest,
    "PromoteRequestRequest": releases.PromoteRequest,
    "RollBackRequestRequest": releases.RollBackRequest,
    "EventRequest": events.Event,
    "EventBatchRequest": events.EventBatch,
    "ShownListRequest": events.ShownList,
    "ListBatchRequest": events.ListBatch,
}
MOMENTS = ("2025-11-24T12:00:00Z", "2024-02-29T23:59:59.5+02:00", "tomorrow", "2025-11-24", "")
ORIGINS = ("https://library.example", "HTTP://localhost:8000/", "https://[", "http://a:b", "https://[::1]", "http://:")
WORDS = ("a", "en", "en-GB", "9-11", "adult", "2026-11-24.1", "search_index", "queued", "..", *ORIGINS)
TEXTS = st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ANYTHING: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-2, 10**9) | st.floats(allow_nan=False) | TEXTS | st.just({})
)


@cache
def operations() -> dict[str, Mapping[str, Any]]:
    paths = document()["paths"].values()
    return {found["operationId"]: found for methods in paths for found in methods.values()}


def parameters(name: str) -> dict[str, Any]:
    """The query string of an operation as the schema of an object."""
    described = [part for part in operations()[name].get("parameters", ()) if part["in"] == "query"]
    return {
        "type": "object",
        "properties": {part["name"]: part["schema"] for part in described},
        "required": [part["name"] for part in described if part.get("required")],
    }


@cache
def judge(name: str) -> Any:
    shapes = document()["components"]["schemas"]
    schema = shapes[name] if name in shapes else parameters(name)
    components = {"schemas": {shape: strict(part) for shape, part in shapes.items()}}
    return jsonschema_rs.Draft202012Validator({**strict(schema), "components": components}, validate_formats=True)


def values_of(schema: Any) -> st.SearchStrategy[Any]:
    """Values at and beyond the bounds of a schema, and of other types."""
    for part in schema.get("allOf", ()):
        schema = part
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    known: st.SearchStrategy[Any] = ANYTHING
    if "enum" in schema:
        known = st.sampled_from(schema["enum"])
    elif schema.get("format") == "date-time":
        return st.sampled_from(MOMENTS) | st.none() | st.integers(0, 9)
    elif schema.get("type") in {"integer", "number"}:
        low, high = schema["minimum"], schema["maximum"]
        known = st.sampled_from([low - 1, low, high, high + 1]) | st.integers(math.ceil(low), math.floor(high))
    elif schema.get("type") == "array":
        most = schema.get("maxItems", 3)
        item = values_of(schema["items"])
        known = st.lists(item, max_size=min(most + 1, 4)) | st.just(["a"] * (most + 1))
    elif schema.get("type") == "string":
        known = st.sampled_from([*WORDS, "x" * schema.get("maxLength", 9), "x" * (schema.get("maxLength", 9) + 1)])
    return st.integers(0, 9).flatmap(lambda number: known if number else ANYTHING)  # mostly of the type


def objects(schema: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of some of the properties, sometimes with one that is not described."""
    properties = {name: values_of(part) for name, part in schema["properties"].items()}
    required = {name: properties[name] for name in schema.get("required", ())}
    some = st.fixed_dictionaries(required, optional={n: v for n, v in properties.items() if n not in required})
    return some | st.fixed_dictionaries({}, optional={**properties, "bogus": st.just(1)})


def is_read(reader: Callable[[], object]) -> bool:
    """Whether each value has its form; that some do not fit each other no schema says."""
    try:
        reader()
    except InvalidInputError:
        return False
    except ContradictionError:
        return True
    return True


def whole_floats(sent: Any) -> bool:
    """Whether 1.0 stands for 1 somewhere: JSON Schema takes it for a whole number, and the reader does not."""
    if isinstance(sent, dict | list):
        return any(whole_floats(part) for part in (sent.values() if isinstance(sent, dict) else sent))
    return isinstance(sent, float) and sent.is_integer()


def as_query(sent: Mapping[str, Any]) -> QueryDict:
    """The values as an address has them."""
    found = QueryDict(mutable=True)
    for name, value in sent.items():
        found.setlist(name, [str(part) for part in value] if isinstance(value, list) else [str(value)])
    return found


def as_typed(text: str, schema: Mapping[str, Any]) -> Any:
    """A value of an address as the type that its schema gives it."""
    return int(text) if schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII) else text


def typed(query: QueryDict, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for parameter, values in query.lists():
        schema = parameters(name)["properties"].get(parameter, {})
        if schema.get("type") == "array":
            found[parameter] = [as_typed(value, schema["items"]) for value in values]
        else:
            found[parameter] = as_typed(values[-1], schema)
    return found


class TestQueries:
    def test_of_every_operation_are_tried(self) -> None:
        assert QUERIES.keys() == {name for name in operations() if parameters(name)["properties"]}

    @pytest.mark.parametrize("name", QUERIES)
    @settings(max_examples=60)
    @given(data=st.data())
    def test_are_read_where_the_document_admits_them(self, name: str, data: st.DataObject) -> None:
        query = as_query(data.draw(objects(parameters(name))))
        admitted = judge(name).is_valid(typed(query, name))
        assert is_read(lambda: read(QUERIES[name], query)) is admitted, query


class TestBodies:
    def test_of_every_operation_are_tried(self) -> None:
        sent = {name for name in document()["components"]["schemas"] if name.endswith("Request")}
        assert sent - BODIES.keys() == {"BookChangeBatchRequest"}  # of the same class as the other batch

    @pytest.mark.parametrize("name", BODIES)
    @settings(max_examples=60)
    @given(data=st.data())
    def test_are_read_where_the_document_admits_them(self, name: str, data: st.DataObject) -> None:
        body = data.draw(objects(document()["components"]["schemas"][name]))
        assume(not whole_floats(body))
        assert is_read(lambda: read(BODIES[name], body)) is judge(name).is_valid(body), body


class TestItemsOfEvents:
    """These are checked by hand, for a batch has a thousand, and what one kind has another has not."""

    @settings(max_examples=100)
    @given(data=st.data())
    def test_are_never_taken_where_the_document_refuses_them(self, data: st.DataObject) -> None:
        item = data.draw(objects(document()["components"]["schemas"]["EventRequest"]))
        assume(not whole_floats(item) and not judge("EventRequest").is_valid(item))
        with pytest.raises(RefusedEventError):
            checked_event(item, now=NOW)

    @settings(max_examples=100)
    @given(data=st.data())
    def test_are_taken_where_the_document_admits_them_and_they_suit_their_kind(self, data: st.DataObject) -> None:
        """Each value is at most the only wrong one of an act that is right."""
        properties = document()["components"]["schemas"]["EventRequest"]["properties"]
        name = data.draw(st.sampled_from(["event_id", "reader", "book", "surface", "list_id", "position", "value"]))
        right = {
            "event_id": "e",
            "reader": "r",
            "book": "b",
            "kind": "rated",
            "value": 3,
            "list_id": "l",
            "position": 1,
        }
        item = {**right, name: data.draw(values_of(properties[name]))}
        assume(not whole_floats(item))
        needed = {"event_id", "reader", "book", "value"} | ({"list_id"} if item["position"] is not None else set())
        suits = all(item[field] not in (None, "") for field in needed)
        try:
            checked_event(item, now=NOW)
        except RefusedEventError:
            assert not (suits and judge("EventRequest").is_valid(item)), item
        else:
            assert judge("EventRequest").is_valid(item), item

    @settings(max_examples=100)
    @given(data=st.data())
    def test_lists_are_taken_just_where_the_document_admits_them(self, data: st.DataObject) -> None:
        item = data.draw(objects(document()["components"]["schemas"]["ShownListRequest"]))
        assume(not whole_floats(item))
        try:
            checked_list(item, now=NOW)
        except RefusedEventError:
            assert not judge("ShownListRequest").is_valid(item), item
        else:
            assert judge("ShownListRequest").is_valid(item), item
