"""An engine that looks at every book: slow, and with nothing in common with an index but the meaning of a clause."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from epicml.audience.bands import AgeBand
from epicml.search.clauses import Best, Clause, Every, Field, Fuzzy, Relevance, Term
from epicml.search.engine import ClauseQuery, Hits
from epicml.search.fields import BookText, tokens_of
from epicml.search.lexicon import Lexicon

Tokens = Mapping[Field, set[str]]


class Interpreter:
    """Some books by id, each with its popularity; it answers every ask of a batch at once, needed or not."""

    name = "interpreter"

    def __init__(self, books: Mapping[int, tuple[BookText, float]], bands: Mapping[int, AgeBand] | None = None) -> None:
        self.books = dict(books)
        self.bands = dict(bands or {})
        self.tokens = {number: tokens_of(text) for number, (text, _) in books.items()}
        self.lexicon = Lexicon.of(books.values())
        self.batches: list[list[Clause]] = []

    @property
    def state(self) -> object:
        return self

    def execute(self, queries: Sequence[ClauseQuery]) -> Sequence[Hits]:
        self.batches.append([ask.clause for ask in queries])
        return [self.hits(ask) for ask in queries]

    def hits(self, ask: ClauseQuery) -> Hits:
        scores = self.scores(ask.clause)
        shown = [number for number in scores if self.bands.get(number, AgeBand.AGES_0_TO_5) <= ask.audience]
        found = sorted(shown, key=lambda number: (-scores[number], -self.books[number][1], number))[: ask.limit]
        return Hits(found, [scores[number] for number in found])

    def find(self, clause: Clause, limit: int) -> list[int]:
        return list(self.hits(ClauseQuery(clause, limit)).ids)

    def scores(self, clause: Clause) -> dict[int, float]:
        """Every book that is found, with the clause's score times log2(2 + popularity)."""
        found = {number: score_of(clause, tokens) for number, tokens in self.tokens.items()}
        return {
            number: score * math.log2(2 + self.books[number][1]) for number, score in found.items() if score is not None
        }


def titled(*titles: str, popularity: Sequence[float] = ()) -> Interpreter:
    """Books of these titles with ids from 1 on, the first the most popular where nothing is said."""
    values = popularity or [100.0 * (len(titles) - place) for place in range(len(titles))]
    pairs = zip(titles, values, strict=True)
    return Interpreter({place: (BookText(title, []), value) for place, (title, value) in enumerate(pairs, start=1)})


def score_of(clause: Clause, tokens: Tokens) -> float | None:
    """What the clause gives a book with these tokens; None where it does not find it."""
    match clause:
        case Term(field, token, weight):
            return weight if token in tokens[field] else None
        case Fuzzy(field, token, edits, weight):
            return weight if any(edits_between(token, other) <= edits for other in tokens[field]) else None
        case Best(clauses):
            return max(_found(clauses, tokens), default=None)
        case Every(clauses, weight):
            parts = _found(clauses, tokens)
            return weight * fmean(parts) if parts and len(parts) == len(clauses) else None
        case Relevance(field, asked, every):
            there = [token in tokens[field] for token in asked]
            return 1.0 if (all(there) if every else any(there)) else None


def _found(clauses: Sequence[Clause], tokens: Tokens) -> list[float]:
    scores = [score_of(part, tokens) for part in clauses]
    return [score for score in scores if score is not None]


def edits_between(one: str, other: str) -> int:
    """Letters put in, left out, changed or swapped with the next: optimal string alignment, by its recurrence."""
    rows: list[list[int]] = [[*range(len(other) + 1)]]
    for at, letter in enumerate(one, start=1):
        row = [at]
        for place, wanted in enumerate(other, start=1):
            costs = [rows[-1][place] + 1, row[-1] + 1, rows[-1][place - 1] + (letter != wanted)]
            if at > 1 and place > 1 and letter == other[place - 2] and one[at - 2] == wanted:
                costs.append(rows[-2][place - 2] + 1)
            row.append(min(costs))
        rows.append(row)
    return rows[-1][-1]
