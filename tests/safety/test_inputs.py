"""Every value that the API reads is bounded: what is wrong is refused by name, and nothing of it is stored."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.readers.services import ReaderInput, save_reader
from epicml.audience.bands import AgeBand
from tests.client import ApiClient
from tests.safety import corpus
from tests.safety.corpus import encoded
from tests.safety.operations import (
    BOOK,
    OPERATIONS,
    READER,
    SAVED,
    SENT,
    Operation,
    Value,
    documented_values,
    routed_scopes,
)
from tests.safety.tables import stored

pytestmark = pytest.mark.django_db


# Of these nothing need be said.
CHANGES = {"PATCH readers/{key}", "PATCH books/{key}"}
ALL_LEFT_OUT = {("POST readers/{key}/tokens", name) for name in ("empty", "blank", "an empty object")}
WITH_BODY = [operation for operation in OPERATIONS if operation.body is not None]
BODILESS = [operation for operation in OPERATIONS if operation.method != "GET" and operation.body is None]


def cases(*places: str) -> list[Any]:
    """Each value in these places, with its operation."""
    return [
        pytest.param(operation, value, id=f"{operation.title} {value.name}")
        for operation in OPERATIONS
        for value in operation.values
        if value.place in places
    ]


def hostile_of(value: Value) -> tuple[Any, ...]:
    return value.kind.query if value.place == "query" else value.kind.json


def title(operation: Operation) -> str:
    return operation.title


@pytest.fixture(autouse=True)
def known(now: datetime) -> None:
    """A book and a reader, so that an address can name something that is there."""
    save_books([BookInput(key=BOOK, title="Known", age_band=AgeBand.AGES_0_TO_5)], now=now)
    save_reader(ReaderInput(key=READER, age_band=AgeBand.AGES_9_TO_11), now=now)


def ask(api: ApiClient, operation: Operation, value: Value, content: Any) -> Any:
    """The operation's right request, with this content in the place of one value."""
    if value.place == "path":
        return api.send(operation.method, operation.url(**{value.name: encoded(content)}), operation.body)
    if value.place == "query":
        return api.send(operation.method, f"{operation.url()}?{value.name}={encoded(content)}", operation.body)
    return api.send(operation.method, operation.url(), operation.body_with(value, content))


def named_fields(answer: Any) -> set[str]:
    """The fields that a refusal names: of the request, or of the only item of a batch."""
    data = answer.json()
    if answer.status_code == 200:
        (item,) = data["items"]
        assert item["status"] == "refused", item
        return set(item["fields"]) if "fields" in item else {item["field"]}
    assert set(data) == {"code", "message", "fields"}
    assert data["code"]
    assert data["message"]
    assert all(isinstance(reason, str) for reasons in data["fields"].values() for reason in reasons)
    return set(data["fields"])


def is_written(content: Any) -> bool:
    """Whether JSON can say this at all; where it cannot the whole body is what is wrong."""
    if isinstance(content, list):
        return all(is_written(part) for part in content)
    if isinstance(content, str):
        return not any("\ud800" <= letter <= "\udfff" for letter in content)
    return not any(content is wrong for wrong in corpus.NOT_A_NUMBER)


class TestOperations:
    def test_each_one_of_the_document_is_tried_with_each_of_its_values(self) -> None:
        tried = {operation.title: {(value.place, value.name) for value in operation.values} for operation in OPERATIONS}
        assert tried == documented_values()

    def test_each_route_and_method_is_tried(self) -> None:
        assert sorted(scope or "" for scope in routed_scopes().values()) == sorted(
            operation.scope for operation in OPERATIONS
        )

    @pytest.mark.parametrize("operation", OPERATIONS, ids=title)
    def test_a_right_request_is_answered(self, operation: Operation, api: ApiClient) -> None:
        answer = api.send(operation.method, operation.url(), operation.body)
        assert answer.status_code == operation.answers, answer.content
        if answer.status_code == 404:  # by the view, which looked for what the address names, and not by the URLconf
            assert answer.json()["message"] != "There is nothing at this address."


class TestHostileValues:
    @pytest.mark.parametrize(
        ("operation", "value"), [case for case in cases("query", "body") if hostile_of(case.values[1])]
    )
    def test_are_refused_by_name_and_nothing_is_stored(
        self, operation: Operation, value: Value, api: ApiClient
    ) -> None:
        before = stored()
        for content in hostile_of(value):
            answer = ask(api, operation, value, content)
            shown = f"{content!r:.80}: {answer.status_code} {answer.content[:300]!r}"
            refusals = {400, 409} if value.name == "isbns" else {400}  # no document states a check digit
            assert answer.status_code in ({200, 400} if value.inside else refusals), shown  # each item
            is_json = value.place == "query" or is_written(content)
            assert named_fields(answer) == {value.name if is_json else "body"}, shown
        assert stored() == before

    @pytest.mark.parametrize(("operation", "value"), cases("path"))
    def test_in_a_path_name_nothing_and_nothing_is_stored(
        self, operation: Operation, value: Value, api: ApiClient
    ) -> None:
        before = stored()
        for content in value.kind.query:
            answer = ask(api, operation, value, content)
            assert answer.status_code in {400, 404}, f"{content!r:.80}: {answer.status_code} {answer.content[:300]!r}"
            assert named_fields(answer) <= {value.name}
        assert stored() == before

    @pytest.mark.parametrize("operation", OPERATIONS, ids=title)
    def test_a_parameter_that_nobody_reads_is_refused(self, operation: Operation, api: ApiClient) -> None:
        before = stored()
        answer = api.send(operation.method, operation.url(), operation.body, **{"bo\x07gus": "1"})
        assert answer.status_code == 400
        assert named_fields(answer) == {"bo\\x07gus"}
        assert stored() == before

    @pytest.mark.parametrize("operation", WITH_BODY, ids=title)
    def test_a_field_that_nobody_reads_is_refused(self, operation: Operation, api: ApiClient) -> None:
        before = stored()
        answer = api.send(operation.method, operation.url(), {**operation.body, "bo\x07gus": 1})
        assert answer.status_code == 400
        assert named_fields(answer) == {"bo\\x07gus"}
        assert stored() == before

    @pytest.mark.parametrize(
        ("body", "name"),
        [
            ({"books": [SAVED["books"][0] | {"isbn": 1}]}, "isbn"),
            ({"events": [SENT["events"][0] | {"name": "Anna"}]}, "name"),
        ],
    )
    def test_a_field_of_an_item_that_nobody_reads_is_refused(
        self, body: dict[str, Any], name: str, api: ApiClient
    ) -> None:
        before = stored()
        assert named_fields(api.post(f"/api/v1/{next(iter(body))}", body)) == {name}
        assert stored() == before


class TestHarmlessText:
    @pytest.mark.parametrize(
        ("operation", "value"),
        [case for case in cases("query", "body") if case.values[1].kind.harmless],
    )
    def test_is_taken_as_text(self, operation: Operation, value: Value, api: ApiClient) -> None:
        is_list = bool(value.kind.json) and isinstance(value.kind.json[-1], list)
        for text in value.kind.harmless:
            content = [text] if is_list and value.place == "body" else text
            answer = ask(api, operation, value, content)
            assert answer.status_code == operation.answers, f"{text!r}: {answer.content[:300]!r}"
            assert answer.json().get("refused", 0) == 0, f"{text!r}: {answer.content[:300]!r}"

    @pytest.mark.parametrize("text", corpus.SQL + corpus.QUERY_SYNTAX)
    def test_finds_nothing_but_what_is_called_so(self, text: str, api: ApiClient) -> None:
        assert api.get("/api/v1/suggest", q=text + "zzz").json()["suggestions"] == []
        assert api.get("/api/v1/search", q=text + "zzz").json()["items"] == []

    @pytest.mark.parametrize("text", corpus.HARMLESS)
    def test_is_stored_as_it_came(self, text: str, api: ApiClient) -> None:
        book = {"key": "odd", "title": f"<{text}>", "authors": [f"<{text}>"], "series": f"<{text}>"}
        api.post("/api/v1/books", {"books": [{**book, "genres": [f"<{text[:50]}>"], "age_band": "0-5"}]})
        shown = api.get("/api/v1/books/odd").json()
        assert {name: shown[name] for name in book} == book
        assert shown["genres"] == [f"<{text[:50]}>"]


class TestHostileBodies:
    @pytest.mark.parametrize("operation", WITH_BODY, ids=title)
    def test_are_refused_and_nothing_is_stored(self, operation: Operation, api: ApiClient) -> None:
        before = stored()
        for name, body in corpus.BODIES.items():
            answer = api.send(operation.method, operation.url(), body)
            if len(body) >= corpus.BIG:
                assert (answer.status_code, answer.json()["code"]) == (413, "too_large"), name
            elif (name == "an empty object" and operation.title in CHANGES) or (operation.title, name) in ALL_LEFT_OUT:
                assert answer.status_code == 200
            elif not body.strip() and operation.title == "DELETE books":  # which could have named them in the address
                assert answer.status_code == 409
            else:
                assert answer.status_code == 400, f"{name}: {answer.status_code} {answer.content[:300]!r}"
                assert named_fields(answer), name
            assert len(answer.content) < 2000, name
        assert stored() == before

    @pytest.mark.parametrize("operation", BODILESS, ids=title)
    def test_do_nothing_where_no_body_is_read(self, operation: Operation, api: ApiClient) -> None:
        if operation.method == "DELETE":
            api.send(operation.method, operation.url())
        before = stored()
        for name, body in corpus.BODIES.items():
            answer = api.send(operation.method, operation.url(), body)
            assert answer.status_code < 500, name
        assert stored() == before

    @pytest.mark.parametrize("content_type", corpus.CONTENT_TYPES)
    def test_are_read_as_json_whatever_they_are_called(self, content_type: str, api: ApiClient) -> None:
        def sent(body: bytes) -> Any:
            return Client().generic("PUT", f"/api/v1/readers/{READER}", body, content_type, headers=api.headers)

        assert sent(b'{"age_band": "6-8"}').json()["age_band"] == "6-8"
        before = stored()
        assert sent(b"age_band=adult").status_code == 400
        assert sent(b'--b\r\nContent-Disposition: form-data; name="age_band"\r\n\r\nadult\r\n--b--').status_code == 400
        assert stored() == before

    @pytest.mark.parametrize("operation", WITH_BODY, ids=title)
    def test_in_pieces_are_not_taken_for_empty_ones(self, operation: Operation, api: ApiClient) -> None:
        before = stored()
        api.headers["Transfer-Encoding"] = "chunked"
        answer = api.send(operation.method, operation.url())
        assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
        assert stored() == before

    def test_of_a_name_given_twice_the_last_value_is_checked_and_stored(self, api: ApiClient) -> None:
        url = f"/api/v1/readers/{READER}"
        assert named_fields(api.put(url, b'{"age_band": "6-8", "age_band": "none"}')) == {"age_band"}
        assert api.put(url, b'{"age_band": "none", "age_band": "6-8"}').json()["age_band"] == "6-8"

    def test_a_nul_is_refused_by_the_name_of_the_list_that_holds_it(self, api: ApiClient) -> None:
        assert named_fields(api.delete("/api/v1/books", b'{"keys": ["a", ["b\\u0000"]]}')) == {"keys"}

    def test_more_fields_than_anybody_sends_are_refused(self, api: ApiClient) -> None:
        answer = api.get("/api/v1/suggest?" + "&".join(f"a{number}=1" for number in range(2000)))
        assert answer.status_code == 400
        assert set(answer.json()) == {"code", "message", "fields"}

    def test_a_batch_of_a_thousand_wrong_items_is_answered_for_each(self, api: ApiClient) -> None:
        before = stored()
        for name in ("books", "events"):
            answer = api.post(f"/api/v1/{name}", {name: [{"key": "\x07"}, None, 1, "x", []] * 200})
            assert answer.json()["refused"] == 1000
        assert stored() == before


class TestHostileHeaders:
    @pytest.mark.parametrize("headers", corpus.HEADERS, ids=str)
    @pytest.mark.parametrize("path", ["/api/v1/suggest?q=a", "/api/v1/books", "/api/schema", "/health/ready"])
    def test_break_nothing(self, path: str, headers: dict[str, str], api: ApiClient) -> None:
        api.headers |= headers
        answer = api.get(path)
        assert answer.status_code < 500
        assert "\x1b" not in str(answer.headers)
