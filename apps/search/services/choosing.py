"""Which engine answers a request, with which words, of which release, and why it is not the index where it is not."""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from apps.catalog.selectors.changes import changed_book_ids
from apps.catalog.selectors.shelf import Shelf
from apps.releases.services.opening import Held
from apps.search.engines.database import DatabaseEngine
from apps.search.engines.protocol import IndexBrokenError, IndexEngine
from apps.search.selectors.fallbacks import FALLBACKS, INDEX_UNAVAILABLE, STALE_CHANGES
from apps.search.serving import indexes
from epicml.search.engine import Engine
from epicml.search.lexicon import Lexicon
from epicml.search.ranking import RankedBooks


@dataclass(frozen=True, slots=True)
class ChosenEngine:
    """An engine, the words of its catalogue, the release it answers from, and why it is a fallback where it is one."""

    engine: Engine
    lexicon: Lexicon
    release: str | None
    fallback: str | None
    index: IndexEngine | None


class Rank(Protocol):
    """A ranking that lacks only what answers it."""

    def __call__(self, *, engine: Engine, lexicon: Lexicon) -> RankedBooks: ...


def choose_engine(shelf: Shelf, *, release: str | None = None, now: datetime) -> ChosenEngine:
    """Choose the index of this release, or the live one where none is named or it cannot be read or is far behind.

    Where that is so of the live one too, choose the database.
    """
    held = indexes.held_by_key(release, now) if release else None
    if held is None or shelf.version - held.opened.cursor > STALE_CHANGES:
        held = indexes.held(now)
    return _engine_of(held, shelf)


def ranked(rank: Rank, chosen: ChosenEngine, shelf: Shelf, *, now: datetime) -> tuple[RankedBooks, ChosenEngine]:
    """Rank with what was chosen; where that index breaks in the middle, with the live one if it is another one.

    Else with the database. Say which it was.
    """
    try:
        return rank(engine=chosen.engine, lexicon=chosen.lexicon), chosen
    except IndexBrokenError as error:
        broken = chosen.index
        if broken is None:
            raise
        live = indexes.held(now)
        indexes.forget(broken, error, now=now)
        return ranked(rank, _engine_of(live if live and live.opened is not broken else None, shelf), shelf, now=now)


def _engine_of(held: Held[IndexEngine] | None, shelf: Shelf) -> ChosenEngine:
    if held is not None and shelf.version - held.opened.cursor <= STALE_CHANGES:
        index = held.opened
        return ChosenEngine(index, index.lexicon, held.key, fallback=None, index=index)
    FALLBACKS.labels(INDEX_UNAVAILABLE).inc()
    engine, lexicon = database_engine(shelf)
    return ChosenEngine(engine, lexicon, release=None, fallback=INDEX_UNAVAILABLE, index=None)


@dataclass(frozen=True, slots=True)
class _Database:
    """An engine over the books in memory, and the words of the books that there were when `books` of them were read."""

    engine: DatabaseEngine
    lexicon: Lexicon
    books: int


_lock = threading.Lock()
# The newest last. A request that began before another one saw a change still has the shelf of before.
_databases: deque[_Database] = deque(maxlen=3)


def database_engine(shelf: Shelf) -> tuple[DatabaseEngine, Lexicon]:
    """Hold the engine over the books in memory, with their words; of a shelf that changed, only what changed is read.

    Words of later books are known because the books are found by them; they are spelt for others as soon as there are
    twice as many books.
    """
    with _lock:
        known = next((each for each in _databases if each.engine.shelf is shelf), None)
        if known is None:
            known = _made(shelf, _databases[-1] if _databases else None)
            _databases.append(known)
        return known.engine, known.lexicon


def reset_database_engine() -> None:
    """Hold no books: the next call reads all of them. For tests and after a database is replaced."""
    with _lock:
        _databases.clear()


def _made(shelf: Shelf, before: _Database | None) -> _Database:
    books = len(shelf.ids)
    if before is None or before.engine.shelf.version > shelf.version:  # the database was replaced by an older copy
        engine = DatabaseEngine.of(shelf)
        return _Database(engine, engine.lexicon(), books)
    changed = changed_book_ids(before.engine.shelf.version, up_to=shelf.version)
    engine = before.engine.following(shelf, changed)
    if books > 2 * before.books:
        return _Database(engine, engine.lexicon(), books)
    return _Database(engine, before.lexicon, before.books)
