"""What the published OpenAPI document says holds: schemathesis asks what it allows and forbids, and has no complaint.

All checks of schemathesis are on. Two have little to say: `missing_required_header` looks at Authorization alone, for
no operation requires another header, and `object_level_authorization` asks as a second owner, and no row has one.
How long answers take is no part of the document.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from apps.jobs.services.ledger.control import cancel_job
from apps.jobs.services.ledger.queue import enqueue
from apps.platform.services.api_keys import PUBLIC_SCOPES, SCOPES, create_api_key
from apps.releases.services import kinds
from apps.releases.services.making import make_release
from tests.apps.releases.numbers import KIND, NumberKind
from tests.client import ApiClient
from tests.safety import library
from tests.safety.fuzzing import Application, Known, application_in_transaction, fuzz
from tests.safety.operations import METHODS

pytestmark = [
    pytest.mark.django_db,
    # Of what hypothesis would print of a long example, had it failed.
    pytest.mark.filterwarnings("ignore:Generating overly large repr"),
]

World = dict[str, list[str | int]]
Choices = dict[str, tuple[Sequence[str | int], float]]

LEAST_CASES = 1000
ORIGIN = "https://library.example"
ISBNS = ("9780306406157", "0-306-40615-2", "978-0-439-02348-1")
CHECKS = {
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
    "missing_required_header",
    "use_after_free",
    "ensure_resource_availability",
}
OFTEN, MOSTLY = 0.5, 0.9
CANDIDATES = "candidates"  # releases that can be promoted, whatever is rolled back among the others
# What several values must be right for, at once or in a form that is not described, is met by nobody who guesses.
RARELY_MET: dict[str, Callable[[World], Choices]] = {
    "get_release": lambda world: {"path.kind": ([KIND], MOSTLY), "path.key": (world["releases"], MOSTLY)},
    "promote_release": lambda world: {
        "path.kind": ([CANDIDATES], MOSTLY),
        "path.key": (world["candidates"], MOSTLY),
        "body.accept[*]": (["small"], MOSTLY),
    },
    "roll_back_release": lambda world: {"path.kind": ([KIND], MOSTLY), "body.to": (world["releases"], MOSTLY)},
    "put_book": lambda _: {"body.isbns[*]": (ISBNS, MOSTLY)},
    "patch_book": lambda _: {"body.isbns[*]": (ISBNS, MOSTLY)},
}


@pytest.fixture
def world(settings: Settings, monkeypatch: pytest.MonkeyPatch, now: datetime) -> World:
    """Books, readers and what they read, a live index and model, jobs, and releases; the keys of each."""
    settings.THROTTLE_SERVER = settings.THROTTLE_PUBLIC = settings.THROTTLE_ANONYMOUS = 10_000_000
    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    library.fill()
    library.register_passable_kinds()
    library.make_live()
    numbers = NumberKind()
    kinds.register_kind(numbers.as_kind())
    releases = [numbers.make(float(number)).key for number in range(1, 6)]
    kinds.register_kind(replace(numbers.as_kind(), name=CANDIDATES))
    candidates = [
        make_release(CANDIDATES, created_by="ada", why="a test", clock=lambda: now, promote=number == 0).key
        for number in range(3)
    ]
    jobs = [enqueue("events.purge", now=now + timedelta(days=9), key=str(number)) for number in range(20)]
    for job in jobs[::2]:
        cancel_job(job, now=now)
    return {
        "books": [library.key(number) for number in range(library.BOOKS)],
        "readers": [library.reader_key(number) for number in range(library.READERS)],
        "releases": list(releases),
        "candidates": list(candidates[1:]),
        "jobs": list(jobs),
    }


@pytest.fixture
def application(world: World) -> Iterator[Application]:
    with application_in_transaction() as found:
        yield found


@pytest.fixture
def document(anonymous_api: ApiClient) -> dict[str, Any]:
    """The document as it is published."""
    found: dict[str, Any] = anonymous_api.get("/api/schema", format="json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation, for each."""
    for path, methods in document["paths"].items():
        yield from ((path, method.upper(), methods[method]) for method in METHODS if method in methods)


def known_values(document: dict[str, Any], world: World) -> Known:
    """What each operation can be asked for that is there, whichever operations there are."""
    found: dict[str, Choices] = {}
    for path, _, operation in operations(document):
        there = world.get(path.split("/")[3], [])
        named: Choices = {
            f"path.{name}": (there, OFTEN) for name in ("key", "job_id") if there and f"{{{name}}}" in path
        }
        if operation["operationId"] in RARELY_MET:
            named |= RARELY_MET[operation["operationId"]](world)
        if named:
            found[operation["operationId"]] = named
    return found


class TestPublishedDocument:
    def test_holds_for_a_server_key(
        self, document: dict[str, Any], world: World, application: Application, now: datetime
    ) -> None:
        secret = create_api_key(name="server", scopes=SCOPES, now=now).secret
        found = fuzz(
            document,
            application,
            headers={"Authorization": f"Bearer {secret}"},
            known=known_values(document, world),
            examples=10,
        )
        assert found.complaints == [], "\n\n".join(found.complaints)
        assert found.cases >= LEAST_CASES
        assert found.checks >= CHECKS
        # Else nothing was learned of what it does.
        assert {f"{method} {path}" for path, method, _ in operations(document)} - found.reached() == set()

    def test_holds_for_a_public_key(
        self, document: dict[str, Any], world: World, application: Application, now: datetime
    ) -> None:
        key = create_api_key(name="public", scopes=PUBLIC_SCOPES, public=True, origins=[ORIGIN], now=now)
        found = fuzz(
            document,
            application,
            headers={"Authorization": f"Bearer {key.secret}", "Origin": ORIGIN},
            known=known_values(document, world),
            examples=4,
            phases=("fuzzing",),
        )
        assert found.complaints == [], "\n\n".join(found.complaints)
        assert found.answers.keys() == {f"{method} {path}" for path, method, _ in operations(document)}
