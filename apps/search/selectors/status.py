"""How the search index is now: for pages, health and metrics."""

from dataclasses import dataclass
from datetime import datetime

from apps.catalog.selectors.changes import last_change_number
from apps.releases.selectors.live import live_key
from apps.releases.services.files import known_damage
from apps.search.engines.embedded.folders import copy_folder, damage_mark
from apps.search.selectors.fallbacks import STALE_CHANGES, fallback_counts
from apps.search.serving import KIND, indexes

NEVER_PROMOTED = "No search index was promoted yet."


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What is live, what this process answers from, and how far it is behind.

    `pending` counts changes of the catalogue that are not in the index yet; `fallbacks` counts answers of this process
    that were given without it, by reason. `problem` says why the live release does not answer, `damage` what was found
    broken in its working copy, and when, `sealed_damage` what the last look found broken in its sealed files, and
    `stuck` why the newest changes that are in the copy cannot be opened.
    """

    live: str | None
    release: str | None
    sealed: bool
    cursor: int
    pending: int
    books: int
    problem: str
    fallbacks: dict[str, int]
    damage: str = ""
    damaged_at: datetime | None = None
    sealed_damage: str = ""
    lacks_room: bool = False
    stuck: str = ""

    @property
    def answers(self) -> bool:
        """Tell whether the index answers, and not the database in its place."""
        return self.release is not None and self.pending <= STALE_CHANGES


def index_status(*, now: datetime, waits: bool = False) -> IndexStatus:
    """Return the index as this process sees it; a command `waits` for one that is fetched from object storage."""
    if waits:
        indexes.warm(now)
    live, held, state = live_key(KIND), indexes.held(now), indexes.state()
    engine = held.opened if held else None
    cursor = engine.cursor if engine else 0
    damage, damaged_at = _damage(live)
    problem = (state.failure or state.copy_failure) if state.live else NEVER_PROMOTED
    return IndexStatus(
        live=live[0] if live else None,
        release=held.key if held else None,
        sealed=held is not None and not held.is_copy,
        cursor=cursor,
        pending=max(last_change_number() - cursor, 0),
        books=engine.books if engine else 0,
        problem="" if held and not held.stands_in else problem,
        fallbacks=fallback_counts(),
        damage=damage,
        damaged_at=damaged_at,
        lacks_room=state.lacks_room,
        stuck=problem if engine and engine.is_stuck else "",
        sealed_damage=known_damage(KIND, live[1]) if live else "",
    )


def _damage(live: tuple[str, str] | None) -> tuple[str, datetime | None]:
    if live is None:
        return "", None
    copy = copy_folder(*live)
    return damage_mark(copy) or ("" if copy.is_dir() else "it is not there", None)
