"""The search engines behind one shape, with the ranking above them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from apps.catalog.selectors.shelf import shelf
from apps.search.engines.protocol import MOST_RESULTS, IndexEngine
from apps.search.selectors.facets import Filters
from apps.search.services.applying import apply_changes
from apps.search.services.choosing import database_engine
from apps.search.services.searching import SearchAnswer, SearchQuestion, search
from apps.search.serving import indexes
from epicml.audience.bands import AgeBand
from epicml.search.engine import Engine
from epicml.search.lexicon import Lexicon
from epicml.search.plan import Typed
from epicml.search.ranking import RankedBooks, rank_search, rank_suggestions
from tests.apps.search.library import NOON, keys_of

NO_FILTERS = Filters()


@dataclass(frozen=True)
class Searched:
    """An engine and the words of its catalogue."""

    engine: Engine
    lexicon: Lexicon

    @property
    def state(self) -> object:
        return self.engine.state

    def suggest(self, text: str, *, band: AgeBand = AgeBand.ADULT, limit: int = 10) -> RankedBooks:
        typed = Typed.read(text)
        return rank_suggestions(typed, engine=self.engine, lexicon=self.lexicon, audience=band, limit=limit)

    def search(self, text: str, *, band: AgeBand = AgeBand.ADULT, limit: int = MOST_RESULTS) -> RankedBooks:
        typed = Typed.read(text)
        return rank_search(typed, engine=self.engine, lexicon=self.lexicon, audience=band, limit=limit)


def of_index(engine: IndexEngine) -> Searched:
    """An index with the words that were sealed with it."""
    return Searched(engine, engine.lexicon)


class Searching(Protocol):
    """An engine that can be brought up to the last change of the catalogue."""

    fallback: str | None

    def engine(self) -> Searched: ...


@dataclass
class DatabaseSearch:
    """The books in memory; what answers where no index is live."""

    fallback: str | None = "index_unavailable"

    def engine(self) -> Searched:
        return Searched(*database_engine(shelf()))


@dataclass
class EmbeddedSearch:
    """The working copy of the live index."""

    fallback: str | None = None

    def engine(self) -> Searched:
        apply_changes()
        engine = indexes.current(NOON)
        assert engine is not None
        return of_index(engine)


def suggested(engine: Searched, text: str, *, band: AgeBand = AgeBand.ADULT, limit: int = 50) -> list[str]:
    """Keys of the books that complete the text."""
    return keys_of(engine.suggest(text, band=band, limit=limit).books)


def named(engine: Searched, text: str, *, band: AgeBand = AgeBand.ADULT) -> list[str]:
    """Keys of the books whose author or series is called so."""
    return keys_of(engine.suggest(text, band=band).named)


def found(engine: Searched, text: str, *, band: AgeBand = AgeBand.ADULT) -> list[str]:
    """Keys of the books of a full search."""
    return keys_of(engine.search(text, band=band).books)


def searched(
    text: str,
    *,
    filters: Filters = NO_FILTERS,
    band: AgeBand | None = AgeBand.ADULT,
    release: str | None = None,
    now: datetime = NOON,
    **more: Any,
) -> SearchAnswer:
    """The first hundred books of a search over the service."""
    question = {"page": 1, "page_size": 100, **more}
    return search(SearchQuestion(text=text, filters=filters, age_band=band, **question), release=release, now=now)


def keys(answer: SearchAnswer) -> list[str]:
    """The keys of the books of an answer."""
    return [item["key"] for item in answer.items]
