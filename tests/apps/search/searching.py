"""The search engines behind one shape, for the contract test."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from apps.catalog.selectors.shelf import shelf
from apps.search.engines.database import DatabaseEngine
from apps.search.engines.protocol import MOST_RESULTS, Engine
from apps.search.selectors.facets import Filters
from apps.search.selectors.live_index import live_index
from apps.search.services.applying import apply_changes
from apps.search.services.searching import SearchAnswer, SearchQuestion, search
from epicml.audience.bands import AgeBand
from epicml.search.plan import Typed
from tests.apps.search.library import NOON, keys_of

NO_FILTERS = Filters()


class Searching(Protocol):
    """An engine that can be brought up to the last change of the catalogue."""

    fallback: str | None

    def engine(self) -> Engine: ...


@dataclass
class DatabaseSearch:
    """The books in memory; what answers where no index is live."""

    fallback: str | None = "index_unavailable"

    def engine(self) -> Engine:
        return DatabaseEngine(shelf())


@dataclass
class EmbeddedSearch:
    """The working copy of the live index."""

    fallback: str | None = None

    def engine(self) -> Engine:
        apply_changes()
        index = live_index(now=NOON)
        assert index is not None
        return index.engine


def suggested(engine: Engine, text: str, *, band: AgeBand = AgeBand.ADULT, limit: int = 50) -> list[str]:
    """Keys of the books that complete the text."""
    return keys_of(engine.suggest(Typed.read(text), audience=band, limit=limit).books)


def named(engine: Engine, text: str, *, band: AgeBand = AgeBand.ADULT) -> list[str]:
    """Keys of the books whose author or series is called so."""
    return keys_of(engine.names(Typed.read(text), audience=band, limit=50))


def found(engine: Engine, text: str, *, band: AgeBand = AgeBand.ADULT) -> list[str]:
    """Keys of the books of a full search."""
    return keys_of(engine.search(Typed.read(text), audience=band, limit=MOST_RESULTS).books)


def searched(
    text: str,
    *,
    filters: Filters = NO_FILTERS,
    band: AgeBand | None = AgeBand.ADULT,
    now: datetime = NOON,
    **more: Any,
) -> SearchAnswer:
    """The first hundred books of a search over the service."""
    question = {"page": 1, "page_size": 100, **more}
    return search(SearchQuestion(text=text, filters=filters, age_band=band, **question), now=now)


def keys(answer: SearchAnswer) -> list[str]:
    """The keys of the books of an answer."""
    return [item["key"] for item in answer.items]
