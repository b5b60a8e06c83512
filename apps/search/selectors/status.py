"""How the search index is now: for pages, health and metrics."""

from dataclasses import dataclass
from datetime import datetime

from apps.catalog.selectors.changes import last_change_number
from apps.releases.selectors.live import live_key
from apps.search.selectors.live_index import KIND, live_index, problem
from apps.search.selectors.serving import STALE_CHANGES, fallback_counts


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What is live, what this process answers from, and how far it is behind.

    `pending` counts changes of the catalogue that are not in the index yet; `fallbacks` counts answers of this process
    that were given without it, by reason. `problem` says why the live release does not answer.
    """

    live: str | None
    release: str | None
    sealed: bool
    cursor: int
    pending: int
    books: int
    problem: str
    fallbacks: dict[str, int]

    @property
    def answers(self) -> bool:
        """Whether the index answers, and not the database in its place."""
        return self.release is not None and self.pending <= STALE_CHANGES


def index_status(*, now: datetime) -> IndexStatus:
    """The index as this process sees it."""
    live, index = live_key(KIND), live_index(now=now)
    cursor = index.engine.cursor if index else 0
    return IndexStatus(
        live=live[0] if live else None,
        release=index.release if index else None,
        sealed=index is not None and index.sealed,
        cursor=cursor,
        pending=max(last_change_number() - cursor, 0),
        books=index.engine.books if index else 0,
        problem="" if index and not index.stands_in else problem(),
        fallbacks=fallback_counts(),
    )
