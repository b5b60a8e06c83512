"""How each part of the product is. Apps register their parts in `ready()`."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.db import Error, connection, connections

from apps.platform.services.outages import log_outage, outage_of

LONGEST_SECONDS = 1.5
KNOWN_FOR_SECONDS = 1.0
NEEDED = frozenset({"database"})  # without it no answer can be given

State = Literal["ok", "degraded", "down"]
_SEVERITY: tuple[State, ...] = ("ok", "degraded", "down")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """How one part is, and in one sentence why. `down` means that no answer can be given without it.

    `impact` says what readers notice while it is so, `remedy` what puts it right, by itself or by hand.
    """

    state: State
    detail: str = ""
    impact: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class PartHealth:
    """How a part with this name is."""

    name: str
    state: State
    detail: str
    impact: str = ""
    remedy: str = ""


@dataclass(slots=True)
class _RunningProbe:
    """A probe that runs, or ran, in a thread of its own."""

    found: list[PartHealth]
    thread: threading.Thread


_probes: dict[str, Callable[[], Health]] = {}
_running: dict[str, _RunningProbe] = {}
_known: list[tuple[float, list[PartHealth]]] = []
_lock = threading.Lock()


def register_health(name: str, probe: Callable[[], Health]) -> None:
    """Ask this part how it is from now on. A probe is quick and does not raise."""
    _probes[name] = probe
    _known.clear()


def parts_health() -> list[PartHealth]:
    """Return how every registered part is now, by name."""
    return [_probe(name, probe) for name, probe in sorted(_probes.items())]


def parts_health_in_time(
    *, seconds: float = LONGEST_SECONDS, clock: Callable[[], float] = time.monotonic
) -> list[PartHealth]:
    """Return the same after `seconds` at the latest, whichever part hangs; parts are asked once a second at most.

    Orchestrators ask every few seconds and take a late answer for a dead process. A part that hangs is asked once and
    not again before it answered: else each question would leave one more thread behind.
    """
    with _lock:
        if not _known or clock() - _known[0][0] >= KNOWN_FOR_SECONDS:
            end = clock() + seconds
            running = {name: _started(name, probe) for name, probe in sorted(_probes.items())}
            found = [_result(name, one, end - clock()) for name, one in running.items()]
            _known[:] = [(clock(), found)]
        return _known[0][1]


def reset_health() -> None:
    """Ask every part anew in this process."""
    _known.clear()


def worst_state(parts: list[PartHealth]) -> State:
    """Return the state of the whole: that of its worst part."""
    return max((part.state for part in parts), key=_SEVERITY.index, default="ok")


def database_health() -> Health:
    """Tell whether the database answers and holds tables; nothing works without it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
            holds_tables = cursor.fetchone() is not None
    except Error as error:
        outage = outage_of(error)
        if outage is not None:
            log_outage(outage, error)
            return Health(
                "down",
                outage.message,
                impact="Every page and every answer fails.",
                remedy=f"It mends itself when the database is back. {outage.remedy}",
            )
        holds_tables = False
    if holds_tables:
        return Health("ok")
    return Health(
        "down",
        "The database answers, and is empty.",
        impact="Every page and every answer fails.",
        remedy="Run manage.py migrate for a new one; restore the backup if there was one, and look at DATABASE_URL.",
    )


def _probe(name: str, probe: Callable[[], Health]) -> PartHealth:
    try:
        health = probe()
    except Exception as error:  # the health page must stand when anything else has fallen
        outage = outage_of(error)
        if outage is None:
            logger.exception("The probe of %s failed", name)
            health = Health("degraded", "Its probe failed; the log says why.")
        else:
            health = Health("degraded", f"Not known: {outage.message}", impact="See the part that is down.")
    return PartHealth(name, health.state, health.detail, health.impact, health.remedy)


def _started(name: str, probe: Callable[[], Health]) -> _RunningProbe:
    running = _running.get(name)
    if running is None or not running.thread.is_alive():
        found: list[PartHealth] = []
        running = _RunningProbe(found, threading.Thread(target=_probe_into, args=(found, name, probe), daemon=True))
        _running[name] = running
        running.thread.start()
    return running


def _probe_into(found: list[PartHealth], name: str, probe: Callable[[], Health]) -> None:
    try:
        found.append(_probe(name, probe))
    finally:
        connections.close_all()  # of this thread


def _result(name: str, running: _RunningProbe, seconds: float) -> PartHealth:
    running.thread.join(max(seconds, 0.0))
    if running.found:
        return running.found[0]
    state: State = "down" if name in NEEDED else "degraded"
    return PartHealth(name, state, "It does not answer in time.", "Answers that need it wait or fail.", "See its log.")
