"""Ask an application what its OpenAPI document allows and forbids, and collect the complaints (schemathesis)."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, connections
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.transport.wsgi import WSGI_TRANSPORT, WSGITransport

from tests.conformance import Answer, differences

PHASES = ("examples", "coverage", "fuzzing", "stateful")
OF_SOCKETS = {"max_redirects", "verify", "cert", "proxies"}

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
# By operation id and place of a parameter ("path.key"): values that are there, and how often one of them is sent.
Known = Mapping[str, Mapping[str, tuple[Sequence[str | int], float]]]


class InProcess(WSGITransport):
    """The fuzzer's way into an application without a socket; of 4.32.5 it breaks off where a check asks once more."""

    def __init__(self) -> None:
        super().__init__()
        self._copy_serializers_from(WSGI_TRANSPORT)

    def send(self, case: Any, *, session: Any = None, **options: Any) -> Any:
        return super().send(case, session=session, **{n: v for n, v in options.items() if n not in OF_SOCKETS})


@dataclass(slots=True)
class Findings:
    """What a run asked, what each operation answered, which checks looked at it, and their complaints."""

    cases: int = 0
    answers: dict[str, Counter[int]] = field(default_factory=dict)
    checks: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def reached(self) -> set[str]:
        """Operations that did what they are for at least once."""
        return {name for name, answers in self.answers.items() if any(status < 300 for status in answers)}


@contextmanager
def application_in_transaction() -> Iterator[Application]:
    """The WSGI application on this thread's connection, and so in the test's transaction, whichever thread asks."""
    serve = get_wsgi_application()
    own = connections["default"]

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        connections["default"] = own
        return serve(environ, start_response)

    connection.inc_thread_sharing()
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield application
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
        connection.dec_thread_sharing()


def fuzz(
    document: Mapping[str, Any],
    application: Application,
    *,
    headers: Mapping[str, str],
    known: Known,
    examples: int,
    phases: Sequence[str] = PHASES,
) -> Findings:
    """Ask with every check on, the same questions each time; `examples` is how many the fuzzing makes up at most."""
    settings = {
        "headers": dict(headers),
        "workers": 1,  # one connection to the database
        "continue-on-failure": True,
        "checks": {"enabled": True},
        "generation": {"deterministic": True, "no-shrink": True, "max-examples": examples},
        "phases": {
            **{name: {"enabled": name in phases} for name in PHASES},
            "coverage": {"enabled": "coverage" in phases, "generate-duplicate-query-parameters": True},
        },
        "cache": {"enabled": False},
        "analysis": {"constants": {"enabled": False}},  # of whatever source is near: other questions at each change
        **_known_values(known),
    }
    schema = schemathesis.openapi.from_dict(dict(document), config=SchemathesisConfig.from_dict(settings))
    schema.app = application
    found = Findings()
    with patch("schemathesis.transport.wsgi.WSGI_TRANSPORT", InProcess()):
        for event in from_schema(schema).execute():
            _note(found, event)
    return found


def _known_values(known: Known) -> dict[str, Any]:
    places = {(name, place): choice for name, choices in known.items() for place, choice in choices.items()}
    bound: dict[str, dict[str, Any]] = {name: {} for name in known}
    for (name, place), (_, share) in places.items():
        bound[name][place] = {"dictionary": f"{name} {place}", "probability": share}
    return {
        "dictionaries": {f"{name} {place}": {"values": list(there)} for (name, place), (there, _) in places.items()},
        "operations": [{"include-operation-id": name, "parameters": parameters} for name, parameters in bound.items()],
    }


def _note(found: Findings, event: Any) -> None:
    if isinstance(event, FatalError):
        raise event.exception
    if isinstance(event, NonFatalError):
        found.complaints.append(f"{event.phase} {event.label}: {event.info.message}")
    if isinstance(event, ScenarioFinished):
        _count(found, event.recorder)
        for check in (check for checks in event.recorder.checks.values() for check in checks):
            found.checks.add(check.name)
            if check.failure_info is not None:
                failure, asked = check.failure_info.failure, check.failure_info.code_sample[:2000]
                said = f"{failure.operation} ({event.phase.value}), {check.name}: {failure.title}: {failure.message}"
                found.complaints.append(f"{said}\n{asked}")


def _count(found: Findings, recorder: Any) -> None:
    for identity, asked in recorder.interactions.items():
        found.cases += 1
        case = recorder.cases[identity].value
        if asked.response is not None:
            found.complaints += _differences(asked)
        if asked.response is not None and case.method == case.operation.method.upper():
            found.answers.setdefault(case.operation.label, Counter())[asked.response.status_code] += 1


def _differences(asked: Any) -> list[str]:
    """What schemathesis lets pass: properties that are not described, headers that are missing, forms of formats."""
    headers = {name: values[0] for name, values in asked.response.headers.items()}
    address = unquote(urlsplit(asked.request.uri).path)
    answer = Answer(asked.request.method, address, asked.response.status_code, headers, asked.response.content or b"")
    return [f"{answer.method} {address} {answer.status}: {wrong}" for wrong in differences(answer)]
