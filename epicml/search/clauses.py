"""What an engine can be asked: the few kinds of clause that a plan is made of, which an engine only compiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Field(StrEnum):
    """Where a token may stand in an indexed book. fields.py says which tokens a book has in each."""

    EXACT = "exact"
    START = "start"
    VARIANT = "reading"  # as the indexes call it that were written so far
    INNER = "inner"
    AUTHOR = "author"
    SERIES = "series"
    WORD = "word"
    STEM = "stem"
    ISBN = "isbn"


class Term(NamedTuple):  # made in half the time of a dataclass, and a dozen for every key that is pressed
    """Books that have this token; each scores the weight."""

    field: Field
    token: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Books that have a token within so many edits (1 or 2) of this one; each scores the weight."""

    field: Field
    token: str
    edits: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Best:
    """Books that any clause finds; each scores its best clause."""

    clauses: Sequence["Clause"]


@dataclass(frozen=True, slots=True)
class Every:
    """Books that every clause finds; each scores the weight times the mean of what the clauses give it."""

    clauses: Sequence["Clause"]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Relevance:
    """Books that have every (or any) of these tokens, by the engine's own relevance: rare tokens count for more."""

    field: Field
    tokens: Sequence[str]
    every: bool


Clause = Term | Fuzzy | Best | Every | Relevance
