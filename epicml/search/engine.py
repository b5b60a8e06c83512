"""What an engine is asked, and what it answers: a batch of clauses with filters becomes ids and scores, nothing more.

Ranking, corrections and names are made of such batches above the engines, in ranking.py, and are the same for all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, overload

from epicml.audience.bands import AgeBand
from epicml.search.clauses import Clause


class ClauseQuery:
    """One clause for an engine, with how many books may answer it and for whom.

    Attributes:
        limit: books at most, >= 1.
        audience: only books of this band and those below are among the hits.
    """

    __slots__ = ("_clause", "audience", "limit")

    def __init__(self, clause: Clause | Callable[[], Clause], limit: int, audience: AgeBand = AgeBand.ADULT) -> None:
        """Ask for the books of a clause, or of one that is made only when an engine needs it."""
        self._clause, self.limit, self.audience = clause, limit, audience

    @property
    def clause(self) -> Clause:
        """Which books are meant, and how much each scores."""
        return self._clause() if callable(self._clause) else self._clause


@dataclass(slots=True)  # not frozen: three are made for every key that is pressed
class Hits:
    """The books that answer one ClauseQuery, best first: by score, then by popularity, then the lower id.

    Attributes:
        ids: each once.
        scores: of each, never rising; what the clause gives times log2(2 + popularity), in 32 bits.
    """

    ids: Sequence[int]
    scores: Sequence[float]


class Engine(Protocol):
    """Whatever finds books of the catalogue as it was at one moment."""

    name: str

    @property
    def state(self) -> object:
        """Another object as soon as an answer may be another one."""
        ...

    def execute(self, queries: Sequence[ClauseQuery]) -> Sequence[Hits]:
        """Answer the queries of a batch, in their order and from one state, in one round trip where there is any."""
        ...


class LazyHits(Sequence[Hits]):
    """The hits of a batch of an engine in this process, where a round trip costs nothing: found when looked at.

    >>> from epicml.search.clauses import Best
    >>> hits = LazyHits([ClauseQuery(Best([]), limit=1)], lambda ask: Hits([], []))
    >>> hits[0]
    Hits(ids=[], scores=[])
    """

    def __init__(self, queries: Sequence[ClauseQuery], find: Callable[[ClauseQuery], Hits]) -> None:
        """Find the hits of each query at the first look at them; `find` must go on answering from one state."""
        self._queries, self._find = queries, find
        self._known: dict[int, Hits] = {}

    def __len__(self) -> int:
        return len(self._queries)

    @overload
    def __getitem__(self, place: int) -> Hits: ...
    @overload
    def __getitem__(self, place: slice) -> list[Hits]: ...
    def __getitem__(self, place: int | slice) -> Hits | list[Hits]:
        if isinstance(place, slice):
            return [self[each] for each in range(len(self))[place]]
        if place not in self._known:
            self._known[place] = self._find(self._queries[place])
        return self._known[place]


class PendingHits:
    """The hits of one clause of a batch, to be read once the batch was executed."""

    __slots__ = ("_batch", "_place")

    def __init__(self, batch: "Batch", place: int) -> None:
        self._batch, self._place = batch, place

    @property
    def books(self) -> Sequence[int]:
        """Ids of the books, best first."""
        return self._batch.hits[self._place].ids

    def __iter__(self) -> Iterator[int]:
        yield from self.books  # a generator, so that it can be made before the batch was executed


class Batch:
    """Clauses for one audience that are asked at once: first all are given, then executed, then the hits read."""

    def __init__(self, audience: AgeBand) -> None:
        """Ask for this audience."""
        self._audience = audience
        self._queries: list[ClauseQuery] = []
        self.hits: Sequence[Hits] = ()

    def ask(self, clause: Clause | Callable[[], Clause], limit: int, *, audience: AgeBand | None = None) -> PendingHits:
        """Add a clause; for another audience only where the books themselves are shown to nobody."""
        self._queries.append(ClauseQuery(clause, limit, self._audience if audience is None else audience))
        return PendingHits(self, len(self._queries) - 1)

    def execute(self, engine: Engine) -> None:
        """Have the engine answer; an empty batch asks nothing of it."""
        if self._queries:
            self.hits = engine.execute(self._queries)
