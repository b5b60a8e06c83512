"""A client generated from docs/openapi.yaml can call every operation, and knows the errors that it is answered."""

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.jobs.services.control import cancel_job
from apps.jobs.services.queue import enqueue
from apps.platform.services.api_keys import SCOPES, create_api_key
from apps.readers.services import ReaderInput, save_reader
from apps.releases.services import kinds
from epicml.audience.bands import AgeBand
from tests.apps.releases.numbers import NumberKind
from tests.architecture.tree import ROOT
from tests.client import ApiClient
from tests.safety.operations import METHODS, OPERATIONS, Operation, documented

pytestmark = pytest.mark.django_db

NAME = "generated_client"
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NO_DAY = "2001-01-01.1"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The generated package; a warning of the generator is a failure."""
    folder = tmp_path_factory.mktemp("client")
    config = folder / "config.yml"
    config.write_text("post_hooks: []\n")  # what formats the result is not what is tested
    command = [str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--fail-on-warning"]
    paths = [
        "--path",
        str(ROOT / "docs" / "openapi.yaml"),
        "--output-path",
        str(folder / NAME),
        "--config",
        str(config),
    ]
    done = subprocess.run([*command, *paths, "--meta", "none"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert "warning" not in done.stdout.lower()
    sys.path.insert(0, str(folder))
    try:
        importlib.import_module(f"{NAME}.models")
        yield importlib.import_module(NAME)
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.split(".")[0] == NAME]:
            del sys.modules[name]


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The transaction of the test outlives its requests, as it does with Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@dataclass(frozen=True, slots=True)
class World:
    """What is there when an operation is called, and the types of the client."""

    models: Any
    queued: int
    cancelled: int
    first: str
    second: str
    candidate: str
    refused: str


@dataclass(frozen=True, slots=True)
class Call:
    """Arguments that succeed with the type of the answer, and arguments that fail with the status."""

    good: Callable[[World], dict[str, Any]]
    answer: str
    bad: Callable[[World], dict[str, Any]]
    refusal: int
    status: int = 200


def unknown(_: World) -> dict[str, Any]:
    return {"key": "nobody"}


def known_reader(_: World) -> dict[str, Any]:
    return {"key": "ada"}


def known_book(_: World) -> dict[str, Any]:
    return {"key": "holes"}


def release(key: Callable[[World], str]) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"kind": "numbers", "key": key(world)}


def decision(key: Callable[[World], str]) -> Callable[[World], dict[str, Any]]:
    why = {"why": "a test"}
    return lambda w: {"kind": "numbers", "key": key(w), "body": w.models.PromoteRequestRequest(**why)}


def roll_back(**to: str) -> Callable[[World], dict[str, Any]]:
    return lambda w: {"kind": "numbers", "body": w.models.RollBackRequestRequest(why="a test", **to)}


def batch(shape: str, item: str, **fields: Any) -> Callable[[World], dict[str, Any]]:
    def body(world: World) -> dict[str, Any]:
        books = [getattr(world.models, item)(**fields)] if fields else []
        return {"body": getattr(world.models, shape)(books=books)}

    return body


def nothing(_: World) -> dict[str, Any]:
    return {}


def with_(**fields: Any) -> Callable[[World], dict[str, Any]]:
    return lambda _: fields


CALLS = {
    "list_books": Call(
        lambda w: {"age_band": w.models.AgeBand.VALUE_2, "page_size": 1}, "BookPage", with_(page_size=101), 400
    ),
    "save_books": Call(
        batch("BookChangeBatchRequest", "BookChangeRequest", key="new", title="New"),
        "SavedBatch",
        batch("BookChangeBatchRequest", ""),
        400,
    ),
    "put_books": Call(
        batch("WholeBookBatchRequest", "WholeBookRequest", key="new", title="New"),
        "SavedBatch",
        batch("WholeBookBatchRequest", ""),
        400,
    ),
    "patch_books": Call(
        batch("BookChangeBatchRequest", "BookChangeRequest", key="holes", year=1999),
        "SavedBatch",
        batch("BookChangeBatchRequest", ""),
        400,
    ),
    "delete_books": Call(with_(keys=["holes", "other"]), "DeletedBatch", nothing, 409),
    "get_book": Call(with_(key="holes", reader="ada"), "ShownBook", unknown, 404),
    "put_book": Call(
        lambda w: {"key": "new", "body": w.models.NamedWholeBookRequest(title="New")},
        "SavedBook",
        lambda w: {"key": "new", "body": w.models.NamedWholeBookRequest(title="")},
        400,
        status=201,
    ),
    "patch_book": Call(
        lambda w: {"key": "holes", "body": w.models.NamedBookChangeRequest(year=1999)},
        "SavedBook",
        lambda w: {"key": "nobody", "body": w.models.NamedBookChangeRequest(year=1999)},
        404,
    ),
    "delete_book": Call(known_book, "DeletedBatch", unknown, 404),
    "similar": Call(with_(key="holes", reader="ada", limit=3), "SimilarBooks", unknown, 404),
    "send_events": Call(
        lambda w: {
            "body": w.models.EventBatchRequest(
                events=[
                    w.models.EventRequest(
                        event_id="e", reader="ada", book="holes", kind=w.models.EventRequestKind.RATED, value=4.0
                    )
                ]
            )
        },
        "EventOutcomes",
        lambda w: {"body": w.models.EventBatchRequest(events=[])},
        400,
    ),
    "send_lists": Call(
        lambda w: {
            "body": w.models.ListBatchRequest(
                lists=[w.models.ShownListRequest(list_id="l", surface="shelf", reader="ada", books=["holes"])]
            )
        },
        "ListOutcomes",
        lambda w: {"body": w.models.ListBatchRequest(lists=[])},
        400,
    ),
    "list_jobs": Call(lambda w: {"state": w.models.ListJobsState.QUEUED}, "JobPage", with_(name="x" * 101), 400),
    "get_job": Call(lambda w: {"job_id": w.queued}, "JobItem", with_(job_id=10**9), 404),
    "retry_job": Call(lambda w: {"job_id": w.cancelled}, "JobItem", lambda w: {"job_id": w.queued}, 409),
    "cancel_job": Call(lambda w: {"job_id": w.queued}, "JobItem", lambda w: {"job_id": w.cancelled}, 409),
    "popular": Call(with_(reader="nobody"), "PopularBooks", with_(limit=51), 400),
    "get_reader": Call(known_reader, "Reader", unknown, 404),
    "save_reader": Call(
        lambda w: {"key": "new", "body": w.models.ReaderProfileRequest(age_band=w.models.AgeBand.ADULT)},
        "Reader",
        lambda w: {"key": "new", "body": w.models.ReaderProfileRequest(w.models.AgeBand.ADULT, level_min=3)},
        409,
        status=201,
    ),
    "patch_reader": Call(
        lambda w: {"key": "ada", "body": w.models.ReaderChangeRequest(languages=["EN"])},
        "Reader",
        lambda w: {"key": "nobody", "body": w.models.ReaderChangeRequest()},
        404,
    ),
    "erase_reader": Call(known_reader, "ErasedReader", unknown, 404),
    "export_reader": Call(known_reader, "ReaderExport", unknown, 404),
    "issue_reader_token": Call(
        lambda w: {"key": "ada", "body": w.models.ReaderTokenRequestRequest(seconds=60)},
        "ReaderToken",
        lambda w: {"key": "nobody", "body": w.models.ReaderTokenRequestRequest()},
        404,
    ),
    "recommendations": Call(known_reader, "ReaderRecommendations", unknown, 404),
    "home": Call(known_reader, "HomePage", unknown, 404),
    "list_releases": Call(with_(kind="numbers"), "ReleasePage", with_(kind="No Kind"), 400),
    "get_release": Call(release(lambda w: w.second), "ReleaseAnswer", release(lambda _: NO_DAY), 404),
    "promote_release": Call(decision(lambda w: w.candidate), "ReleaseItem", decision(lambda w: w.refused), 409),
    "roll_back_release": Call(roll_back(), "ReleaseItem", roll_back(to=NO_DAY), 404),
    "search": Call(
        lambda w: {"q": "holes", "age_band": w.models.AgeBand.VALUE_2, "languages": ["EN"]},
        "SearchAnswer",
        with_(languages=["English!"]),
        400,
    ),
    "suggest": Call(with_(q="hol", reader="nobody"), "SuggestAnswer", with_(limit=0), 400),
}


def operations() -> dict[str, dict[str, Any]]:
    """Every operation of the document by its id."""
    return {
        operation["operationId"]: operation
        for methods in documented()["paths"].values()
        for method, operation in methods.items()
        if method in METHODS
    }


@pytest.fixture
def world(library: ModuleType, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, db: None) -> World:
    """Books, a reader, two jobs and four releases of a kind of their own."""
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"
    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    numbers = NumberKind()
    kinds.register_kind(numbers.as_kind())
    books = [BookInput(key=key, title=key, age_band=AgeBand.AGES_9_TO_11, language="en") for key in ("holes", "other")]
    save_books(books, now=NOON)
    save_reader(ReaderInput(key="ada", age_band=AgeBand.AGES_9_TO_11), now=NOON)
    queued, cancelled = (enqueue("events.purge", now=NOON, key=key) for key in ("a", "b"))
    cancel_job(cancelled, now=NOON)
    keys = [numbers.make(number, promote=number < 3).key for number in (1.0, 2.0, 3.0, -1.0)]
    return World(importlib.import_module(f"{NAME}.models"), queued, cancelled, *keys)


@pytest.fixture
def client(library: ModuleType, db: None) -> Any:
    """The generated client, speaking HTTP to the WSGI application."""
    return _client(library, create_api_key(name="test", scopes=SCOPES, now=NOON).secret)


def _client(library: ModuleType, secret: str) -> Any:
    transport = httpx.WSGITransport(app=get_wsgi_application())
    return library.AuthenticatedClient(
        base_url="http://localhost", token=secret, httpx_args={"transport": transport}, raise_on_unexpected_status=True
    )


def call(name: str, client: Any, arguments: dict[str, Any]) -> Any:
    (tag,) = operations()[name]["tags"]
    return importlib.import_module(f"{NAME}.api.{tag}.{name}").sync_detailed(client=client, **arguments)


class TestGeneratedClient:
    def test_calls_every_operation_of_the_document(self) -> None:
        assert CALLS.keys() == operations().keys()

    @pytest.mark.parametrize("name", CALLS)
    def test_is_answered_in_the_documented_type(self, name: str, client: Any, world: World) -> None:
        answer = call(name, client, CALLS[name].good(world))
        assert (answer.status_code, type(answer.parsed).__name__) == (CALLS[name].status, CALLS[name].answer)

    @pytest.mark.parametrize("name", CALLS)
    def test_understands_a_refusal(self, name: str, client: Any, world: World) -> None:
        answer = call(name, client, CALLS[name].bad(world))
        assert (answer.status_code, type(answer.parsed).__name__) == (CALLS[name].refusal, "Error")
        assert answer.parsed.code
        assert answer.parsed.message

    @pytest.mark.parametrize("name", CALLS)
    def test_understands_that_the_door_is_shut(self, name: str, library: ModuleType, world: World) -> None:
        arguments = CALLS[name].good(world)
        few = create_api_key(name="few", scopes=["search:read"], requests_per_minute=1, now=NOON).secret
        spent = _client(library, few)
        call("suggest", spent, {})
        for client, statuses in ((_client(library, "epic_sk_wrong"), {401}), (spent, {403, 429})):
            answer = call(name, client, arguments)
            assert answer.status_code in statuses
            assert type(answer.parsed).__name__ == "Error"

    def test_deletes_books_by_a_body_too(self, client: Any, world: World) -> None:
        answer = call("delete_books", client, {"body": world.models.KeyBatchRequest(keys=["holes", "other"])})
        assert answer.parsed.deleted == 2
        assert call("get_book", client, {"key": "holes", "reader": "ada"}).status_code == 404

    def test_reads_a_book_and_sends_it_back_as_it_is(self, client: Any, world: World) -> None:
        shown = call("get_book", client, {"key": "holes", "reader": "ada"}).parsed
        sent = world.models.NamedWholeBookRequest.from_dict(shown.to_dict())
        assert call("put_book", client, {"key": "holes", "body": sent}).parsed.status == "unchanged"


class TestErrors:
    """Each operation documents what it can answer, and nothing that it cannot."""

    ALWAYS = {"400", "401", "403", "429", "500", "503"}

    @pytest.mark.parametrize("name", CALLS)
    def test_are_described_in_the_one_shape(self, name: str) -> None:
        answers = operations()[name]["responses"]
        errors = {status: answer for status, answer in answers.items() if status >= "400"}
        assert errors.keys() >= self.ALWAYS
        assert str(CALLS[name].refusal) in errors
        for answer in errors.values():
            assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}
            assert answer["description"]
        assert "Retry-After" in errors["429"]["headers"].keys() & errors["503"]["headers"].keys()
        assert "WWW-Authenticate" in errors["401"]["headers"]
        assert all("X-Request-Id" in answer["headers"] for answer in answers.values())

    @pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.title)
    @pytest.mark.parametrize(
        ("status", "headers", "body"),
        [
            (406, {"Accept": "text/html"}, None),
            (413, {"Content-Length": "2000000"}, b"x" * 2_000_000),
            (415, {"Content-Type": "text/xml"}, None),
            (404, {}, None),
        ],
    )
    def test_are_answered_where_they_are_described(
        self, operation: Operation, api: ApiClient, status: int, headers: dict[str, str], body: bytes | None
    ) -> None:
        described = documented()["paths"]["/api/v1/" + operation.path][operation.method.lower()]["responses"]
        api.headers |= headers
        address = operation.url()
        if status == 404:
            key = NO_DAY if "releases" in operation.path else "nobody"
            if operation.method == "PUT":  # which adds nobody, unless the address is another one
                key = "no%2Fbody"
            nobody = {"kind": "nothing", "key": key, "job_id": "9"}
            address = operation.url(**{v.name: nobody[v.name] for v in operation.values if v.place == "path"})
        answer = api.send(operation.method, address, operation.body if body is None else body)
        assert (answer.status_code == status) == (str(status) in described), answer.content
        assert answer.status_code < 400 or set(answer.json()) == {"code", "message", "fields"}

    def test_of_a_method_that_is_not_there_have_the_same_shape(self, api: ApiClient) -> None:
        for address in ("suggest", "books", "popular", "events", "jobs/1"):
            answer = api.send("TRACE" if address == "books" else "PATCH", f"/api/v1/{address}")
            assert (answer.status_code, set(answer.json())) == (405, {"code", "message", "fields"}), address

    @pytest.mark.parametrize("name", CALLS)
    def test_of_a_body_are_described_where_one_is_read(self, name: str) -> None:
        operation = operations()[name]
        for status in ("411", "413"):
            assert (status in operation["responses"]) == ("requestBody" in operation)
