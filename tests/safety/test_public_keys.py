"""A public key is nobody: every operation it reaches is held to its bands, and tells no reader from one who is not.

What is tried is read from the list of operations: one that a public key reaches and that is not tried here fails.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.events.models import Event
from apps.platform.services.api_keys import PUBLIC_SCOPES, checked_origin
from apps.readers.services import ReaderInput, erase_reader, issue_reader_token, save_reader, save_readers
from epicml.audience.bands import AgeBand
from tests.client import ApiClient
from tests.conftest import NOW
from tests.safety.library import authors, book, mark
from tests.safety.library import key as book_key
from tests.safety.operations import OPERATIONS, Operation

pytestmark = pytest.mark.django_db

PAGE, OTHER_PAGE = "https://library.example", "https://other.example"
KNOWN, STRANGERS = "mia-7f3a", ("mia-7f3b", "MIA-7F3A", "mia-7f3", "x" * 64)
BOOKS = 12  # two of each band
ASKED_AGAIN = 2
LIST_ID = re.compile(rb'"list_id":"[0-9a-f-]{36}"')
MANY = 10_000_000  # so that no request of a test has to count anew, which costs a query
REACHED = [operation for operation in OPERATIONS if operation.scope in PUBLIC_SCOPES]
SHOWING = [operation for operation in REACHED if operation.method == "GET"]


def title(operation: Operation) -> str:
    return operation.title


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation, and what is asked of it."""

    operation: Operation
    path: dict[str, str]
    query: dict[str, Any]
    body: Any

    def of(self, api: ApiClient) -> Any:
        return api.send(self.operation.method, self.operation.url(**self.path), self.body, **self.query)


def naming(operation: Operation, reader: str) -> list[Asked]:
    """The operation's right request with this reader, in each place that names one."""
    path = {"key": book_key(0)} if operation.path.startswith("books/{key}") else {}
    body = copy.deepcopy(operation.body)
    if operation.path == "events":
        body["events"][0] |= {"reader": reader, "book": book_key(0)}
        return [Asked(operation, path, {}, body)]
    if operation.path == "lists":
        body["lists"][0] |= {"reader": reader, "books": [book_key(0)]}
        return [Asked(operation, path, {}, body)]
    if operation.path.startswith("readers/{key}"):
        return [Asked(operation, {"key": reader}, {}, body)]
    assert "reader" in {value.name for value in operation.values}, f"{operation.title} names no reader: try it here"
    queries: list[dict[str, Any]] = [{"reader": reader, "age_band": band.code} for band in AgeBand]
    return [Asked(operation, path, query, body) for query in [{"reader": reader}, *queries]]


def answers(api: ApiClient, question: Asked) -> tuple[Any, ...]:
    """All that can be told from outside, and what it cost: not who was named, which the address says."""
    with CaptureQueriesContext(connection) as queries:
        answer = question.of(api)
    headers = {name: value for name, value in answer.headers.items() if name != "X-Request-Id"}
    # Each list has a number of its own, drawn by the moment and by chance.
    content = LIST_ID.sub(b'"list_id":"drawn"', answer.content)
    return answer.status_code, content, headers, len(queries)


def answers_at_rest(api: ApiClient, question: Asked, *, like: tuple[Any, ...] | None = None) -> tuple[Any, ...]:
    """The same without what the clock brings: a look for a newer index, a key read anew, a new minute of a limit."""
    found = answers(api, question)
    for _ in range(ASKED_AGAIN):
        if found == like:
            break
        found = min(found, answers(api, question), key=itemgetter(3))
    return found


@pytest.fixture(autouse=True)
def library(db: None, settings: Settings) -> None:
    """Books of every band, each with a word of its own, and a reader."""
    settings.THROTTLE_READER_EVENTS = MANY
    save_books([book(number, AgeBand(number % len(AgeBand))) for number in range(BOOKS)], now=NOW)
    save_reader(ReaderInput(key=KNOWN, age_band=AgeBand.AGES_15_TO_17), now=NOW)


@pytest.fixture
def page(client_with: Callable[..., ApiClient]) -> Callable[..., ApiClient]:
    """A page with a public key of these bands, and with the token of a reader."""

    def make(
        highest: AgeBand | None, *, unproven: AgeBand | None = None, reader: str | None = None, origin: str = PAGE
    ) -> ApiClient:
        bands = {"highest_band": highest, "unproven_band": unproven}
        api = client_with(*PUBLIC_SCOPES, origins=[origin], requests_per_minute=MANY, events_per_minute=MANY, **bands)
        if reader is not None:
            api.headers["X-Reader-Token"] = token_of(reader)
        return api

    return make


Page = Callable[..., ApiClient]


def token_of(reader: str, *, origin: str = "") -> str:
    from django.utils import timezone

    return issue_reader_token(reader, seconds=900, origin=origin, now=timezone.now()).token


def questions(operation: Operation, **query: Any) -> Iterator[Asked]:
    """What the operation can be asked for, about every book there is."""
    names = {value.name for value in operation.values}
    for number in range(len(AgeBand)):
        path = {"key": book_key(number)} if operation.path.startswith("books/{key}") else {}
        if operation.path.startswith("readers/{key}"):
            path = {"key": KNOWN}
        asked = {name: value for name, value in query.items() if name in names}
        for text in (mark(number), mark(number)[:-1] + "x", "house 0", "q") if "q" in names else (None,):
            more = {"q": text, "genre": None, "genres": None}
            yield Asked(operation, path, asked | {k: v for k, v in more.items() if k in names}, None)
        if {"genre", "genres"} & names:
            genre = {"genre": f"genre-{mark(number)}", "genres": [f"GENRE-{mark(number)}"]}
            yield Asked(operation, path, asked | {k: v for k, v in genre.items() if k in names}, None)


def traces(data: dict[str, Any], band: AgeBand) -> list[int]:
    """The books above the band of which the answer says anything but what was asked."""
    for name in ("query", "message"):
        data.pop(name, None)
    for facets in (data.get("facets") or {}).values():
        # A genre that was asked for is said back, with no book.
        facets[:] = [facet for facet in facets if facet["count"]]
    said = json.dumps(data, ensure_ascii=False)
    return [number for number in range(BOOKS) if number % len(AgeBand) > band and mark(number) in said]


class TestBands:
    @pytest.mark.parametrize("highest", [AgeBand.AGES_0_TO_5, AgeBand.AGES_6_TO_8, AgeBand.AGES_15_TO_17])
    @pytest.mark.parametrize("operation", SHOWING, ids=title)
    def test_nothing_above_the_highest_band_is_shown(self, operation: Operation, highest: AgeBand, page: Page) -> None:
        """To nobody, to a stranger, and to a reader who is proven and older, whatever band is asked for."""
        for api, band in (
            (page(highest), highest),
            (page(highest, reader=KNOWN), min(highest, AgeBand.AGES_15_TO_17)),
            (page(AgeBand.ADULT, unproven=highest), highest),
        ):
            for question in questions(operation, age_band="adult", page_size=100, limit=20):
                answer = question.of(api)
                assert answer.status_code in {200, 403, 404}
                assert traces(answer.json(), band) == [], question

    @pytest.mark.parametrize("operation", [o for o in SHOWING if "age_band" in {v.name for v in o.values}], ids=title)
    def test_says_that_the_band_was_lowered(self, operation: Operation, page: Page) -> None:
        path = {"key": book_key(0)} if "{key}" in operation.path else {}
        for api, band in (
            (page(AgeBand.AGES_9_TO_11), "9-11"),
            (page(AgeBand.AGES_9_TO_11, reader=KNOWN), "9-11"),
            (page(AgeBand.ADULT, unproven=AgeBand.AGES_6_TO_8), "6-8"),
            (page(None), "0-5"),
        ):
            said = Asked(operation, path, {"age_band": "adult"}, None).of(api).json()["audience"]
            assert (said["age_band"], [notice["code"] for notice in said["notices"]]) == (band, ["age_band_lowered"])

    def test_a_reader_who_is_proven_sees_up_to_the_own_band(self, page: Page) -> None:
        found = page(AgeBand.ADULT, unproven=AgeBand.AGES_0_TO_5, reader=KNOWN).get("/api/v1/books", page_size=100)
        assert found.json()["audience"] == {"age_band": "15-17", "reader_known": True, "notices": []}
        assert found.json()["total"] == 10

    def test_a_server_key_with_a_highest_band_is_held_to_it_too(self, client_with: Callable[..., ApiClient]) -> None:
        api = client_with(*PUBLIC_SCOPES, highest_band=AgeBand.AGES_6_TO_8)
        for query in ({"age_band": "adult"}, {"reader": KNOWN}):
            said = api.get("/api/v1/popular", **query).json()["audience"]
            assert (said["age_band"], said["notices"][0]["code"]) == ("6-8", "age_band_lowered")
        home = api.get(f"/api/v1/readers/{KNOWN}/home").json()
        assert traces(home, AgeBand.AGES_6_TO_8) == []

    def test_a_name_of_books_above_the_band_is_not_told_from_one_that_never_was(self, page: Page) -> None:
        api = page(AgeBand.AGES_6_TO_8)
        for number in (5, 11):
            for asked in (mark(number), authors(number)[0], f"genre-{mark(number)}"):
                assert api.get("/api/v1/suggest", q=asked).json()["suggestions"] == []
            for path in ("books/{}", "books/{}/similar"):
                hidden = api.get(f"/api/v1/{path.format(book_key(number))}", age_band="adult")
                never = api.get(f"/api/v1/{path.format('never')}", age_band="adult")
                assert hidden.status_code == never.status_code == 404
                assert hidden.content.replace(book_key(number).encode(), b"never") == never.content


class TestReadersWhoAreNotProven:
    @pytest.mark.parametrize("operation", REACHED, ids=title)
    @pytest.mark.parametrize("proven", [None, "other"])
    def test_are_answered_alike_whether_they_exist_or_not(
        self, operation: Operation, proven: str | None, page: Page
    ) -> None:
        save_reader(ReaderInput(key="other", age_band=AgeBand.ADULT), now=NOW)
        api = page(AgeBand.ADULT, reader=proven)
        for question in naming(operation, KNOWN):
            question.of(api)  # what the first request of a process costs
        known = [answers_at_rest(api, question) for question in naming(operation, KNOWN)]
        for stranger in STRANGERS:
            for question, expected in zip(naming(operation, stranger), known, strict=True):
                assert answers_at_rest(api, question, like=expected) == expected, stranger
        for status, content, _, _ in known:
            assert status == 200 or json.loads(content)["code"] == "reader_not_proven"
            assert KNOWN.encode() not in content
        assert not Event.objects.exists()

    @pytest.mark.parametrize("operation", [o for o in REACHED if "reader" in {v.name for v in o.values}], ids=title)
    def test_are_the_youngest_and_are_told_so(self, operation: Operation, page: Page) -> None:
        for question in naming(operation, KNOWN):
            if operation.method == "POST":
                (item,) = question.of(page(AgeBand.ADULT)).json()["items"]
                assert (item["status"], item["field"]) == ("refused", "reader")
                continue
            said = question.of(page(AgeBand.ADULT)).json()["audience"]
            assert (said["age_band"], said["reader_known"]) == ("0-5", None)
            assert [notice["code"] for notice in said["notices"]] == ["reader_not_proven"]

    def test_cost_no_look_up(self, page: Page) -> None:
        api = page(AgeBand.ADULT)
        nobody, named = (Asked(OPERATIONS[0], {}, {"q": "dragon", "reader": name}, None) for name in (None, KNOWN))
        nobody.of(api)
        assert (
            answers_at_rest(api, named)[3] == answers_at_rest(api, nobody)[3] == 1
        )  # whether the catalogue has changed

    @pytest.mark.parametrize("path", ["READERS/{}/home", "readers/{}/home/", "readers/%6d%69a-7f3a/home", "readers/{}"])
    def test_are_not_found_by_another_way_of_writing_them(self, path: str, page: Page) -> None:
        answer = page(AgeBand.ADULT).get(f"/api/v1/{path.format(KNOWN)}")
        assert answer.status_code in {403, 404}
        assert KNOWN not in answer.text

    @pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"])
    def test_are_not_told_apart_by_any_method(self, method: str, page: Page) -> None:
        api = page(AgeBand.ADULT)
        for path in ("readers/{}/home", "readers/{}/recommendations", "readers/{}", "readers/{}/tokens"):
            (known, *others) = [api.send(method, f"/api/v1/{path.format(name)}") for name in (KNOWN, *STRANGERS)]
            assert {(other.status_code, other.content) for other in others} == {(known.status_code, known.content)}


class TestReadersWhoAreProven:
    @pytest.mark.parametrize("operation", REACHED, ids=title)
    def test_are_answered_with_their_token(self, operation: Operation, page: Page) -> None:
        api = page(AgeBand.ADULT, reader=KNOWN)
        for question in naming(operation, KNOWN):
            answer = question.of(api)
            assert answer.status_code == 200, answer.content
            assert answer.json().get("audience", {"reader_known": True})["reader_known"] is True

    def test_need_not_be_named(self, page: Page) -> None:
        api = page(AgeBand.ADULT, reader=KNOWN)
        assert api.get("/api/v1/popular").json()["audience"]["age_band"] == "15-17"
        event = {"event_id": "1", "book": book_key(0), "kind": "liked"}
        assert api.post("/api/v1/events", {"events": [event]}).json()["stored"] == 1

    def test_an_erased_reader_is_gone_and_the_next_of_that_name_is_another(self, page: Page, now: datetime) -> None:
        api = page(AgeBand.ADULT, reader=KNOWN)
        erase_reader(KNOWN, by="a test", now=now)
        event = {"events": [{"event_id": "1", "book": book_key(0), "kind": "liked"}]}

        def seen() -> list[Any]:
            return [
                api.get("/api/v1/popular").json()["audience"],
                *(api.get(f"/api/v1/readers/{KNOWN}/{path}").status_code for path in ("home", "recommendations")),
                api.post("/api/v1/events", event).json()["refused"],
            ]

        erased = seen()
        assert erased[0]["notices"][0]["code"] == "reader_unknown"
        assert erased[1:] == [404, 404, 1]
        save_reader(ReaderInput(key=KNOWN, age_band=AgeBand.ADULT), now=now)
        assert seen() == erased

    def test_a_server_that_sends_a_token_is_held_to_it(self, api: ApiClient) -> None:
        save_readers([ReaderInput(key="other", age_band=AgeBand.ADULT)], now=NOW)
        api.headers["X-Reader-Token"] = token_of(KNOWN)
        assert api.get("/api/v1/popular").json()["audience"]["age_band"] == "15-17"
        assert (
            api.get("/api/v1/popular", reader="other").json()["audience"]["notices"][0]["code"] == "reader_not_proven"
        )
        assert api.get("/api/v1/readers/other/home").status_code == 403


class TestBadTokens:
    @pytest.mark.parametrize("wrong", ["x", "a:b:c", "x" * 5000, "x\0", "é", "null"])
    def test_are_refused_everywhere_in_one_way(self, wrong: str, page: Page) -> None:
        api = page(AgeBand.ADULT)
        api.headers["X-Reader-Token"] = wrong
        for question in (naming(operation, KNOWN)[0] for operation in REACHED):
            answer = question.of(api)
            assert (answer.status_code, answer.json()["code"]) == (401, "reader_token_invalid")
            assert answer["WWW-Authenticate"] == "Bearer"

    def test_are_told_when_they_have_expired(self, page: Page) -> None:
        api = page(AgeBand.ADULT)
        api.headers["X-Reader-Token"] = issue_reader_token(KNOWN, seconds=60, now=NOW).token
        answer = api.get("/api/v1/popular")
        assert (answer.status_code, answer.json()["code"]) == (401, "reader_token_expired")

    def test_of_another_page_are_refused(self, page: Page) -> None:
        api = page(AgeBand.ADULT)
        for origin, status in ((PAGE, 200), (OTHER_PAGE, 401)):
            api.headers["X-Reader-Token"] = token_of(KNOWN, origin=origin)
            assert api.get("/api/v1/popular").status_code == status

    @pytest.mark.parametrize("sent", [{"Origin": PAGE.upper()}, {"Referer": f"{PAGE}/shelf?a=b"}])
    def test_are_told_from_good_ones_however_the_page_is_named(self, sent: dict[str, str], page: Page) -> None:
        api = page(AgeBand.ADULT)
        del api.headers["Origin"]
        api.headers |= sent
        for origin, status in ((PAGE, 200), (PAGE.upper(), 200), (OTHER_PAGE, 401)):
            api.headers["X-Reader-Token"] = token_of(KNOWN, origin=checked_origin(origin))
            assert api.get("/api/v1/popular").status_code == status

    def test_count_as_requests(self, client_with: Callable[..., ApiClient]) -> None:
        api = client_with("search:read", origins=[PAGE], requests_per_minute=3)
        api.headers["X-Reader-Token"] = "x"
        assert [api.get("/api/v1/suggest").status_code for _ in range(5)] == [401, 401, 401, 429, 429]
        foreign = client_with("search:read", origins=[PAGE], requests_per_minute=3)
        foreign.headers["Origin"] = OTHER_PAGE
        assert [foreign.get("/api/v1/suggest").status_code for _ in range(5)] == [403, 403, 403, 429, 429]

    def test_a_page_may_send_one(self, page: Page) -> None:
        page(AgeBand.ADULT)
        asks = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
        asks["Access-Control-Request-Headers"] = "authorization,x-reader-token"
        allowed = ApiClient(headers=asks).send("OPTIONS", "/api/v1/popular").headers["Access-Control-Allow-Headers"]
        assert {"authorization", "x-reader-token", "content-type"} <= set(allowed.split(", "))


class TestNames:
    def test_one_whose_books_are_all_above_the_band_is_named_nowhere(self, page: Page) -> None:
        save_books([BookInput(key="grim", title="Grim", authors=("Zzyx Qwop",), age_band=AgeBand.ADULT)], now=NOW)
        api = page(AgeBand.AGES_15_TO_17)
        for asked in ("zzyx", "zzyy", "zzyx qwop"):
            assert "zyx" not in json.dumps(api.get("/api/v1/suggest", q=asked).json()["suggestions"]).lower()
            assert api.get("/api/v1/search", q=asked).json()["did_you_mean"] is None
