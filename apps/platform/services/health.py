"""How each part of the product is. Apps register their parts in `ready()`."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.db import DatabaseError, connection

State = Literal["ok", "degraded", "down"]
_SEVERITY: tuple[State, ...] = ("ok", "degraded", "down")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """How one part is, and in one sentence why. `down` means that no answer can be given without it.

    `noticed` says what readers notice while it is so, `heals` what mends it, by itself or by hand.
    """

    state: State
    detail: str = ""
    noticed: str = ""
    heals: str = ""


@dataclass(frozen=True, slots=True)
class PartHealth:
    """How a part with this name is."""

    name: str
    state: State
    detail: str
    noticed: str = ""
    heals: str = ""


_probes: dict[str, Callable[[], Health]] = {}


def register_health(name: str, probe: Callable[[], Health]) -> None:
    """From now on this part is asked how it is. A probe is quick and does not raise."""
    _probes[name] = probe


def parts_health() -> list[PartHealth]:
    """How every registered part is now, by name."""
    return [_ask(name, probe) for name, probe in sorted(_probes.items())]


def worst_state(parts: list[PartHealth]) -> State:
    """The state of the whole: that of its worst part."""
    return max((part.state for part in parts), key=_SEVERITY.index, default="ok")


def database_health() -> Health:
    """Whether the database answers; nothing works without it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        logger.warning("The database does not answer: %s", error)
        return Health(
            "down",
            "The database does not answer.",
            noticed="Every page and every answer fails.",
            heals="It mends itself when the database is back.",
        )
    return Health("ok")


def _ask(name: str, probe: Callable[[], Health]) -> PartHealth:
    try:
        health = probe()
    except Exception:  # the health page must stand when anything else has fallen
        logger.exception("The probe of %s failed", name)
        health = Health("degraded", "Its probe failed; the log says why.")
    return PartHealth(name, health.state, health.detail, health.noticed, health.heals)
