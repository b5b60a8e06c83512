"""How good a ranked list is, and how much of the catalogue the lists show."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TypeVar

Document = TypeVar("Document")


class InvalidCutoffError(ValueError):
    """A list is measured at place 1 or deeper."""

    def __init__(self, k: int) -> None:
        super().__init__(f"A list cannot be measured at its first {k} places; k is at least 1.")


class InvalidGradeError(ValueError):
    """A grade of relevance that is negative or not a number."""


def ndcg(ranked: Sequence[Document], gains: Mapping[Document, float], *, k: int) -> float:
    """Normalised discounted cumulative gain of one ranked list.

    Args:
        ranked: document ids, best first; an id may appear once.
        gains: relevance grade of each judged id, >= 0; ids absent here count as 0.
        k: how many places count, >= 1.

    Returns:
        A share in [0, 1]; nan when no judged id has a positive grade, so that the query is left out of means.

    Raises:
        InvalidCutoffError: k is below 1.
        InvalidGradeError: a grade is negative or not a number.

    Source: Järvelin & Kekäläinen 2002, with gain 2**grade - 1 (Burges et al. 2005).

    >>> round(ndcg(["b", "a"], {"a": 1, "b": 0}, k=2), 4)
    0.6309
    """
    _refuse_cutoff(k)
    ideal = _discounted(sorted(map(_gain, gains.values()), reverse=True)[:k])
    if ideal == 0:
        return math.nan
    return _discounted([_gain(gains.get(document, 0)) for document in ranked[:k]]) / ideal


def recall(ranked: Sequence[Document], relevant: Iterable[Document], *, k: int) -> float:
    """Return the share of the relevant documents that are among the first k.

    Args:
        ranked: document ids, best first.
        relevant: the ids that should be found.
        k: how many places count, >= 1.

    Returns:
        A share in [0, 1]; nan when nothing is relevant.

    Raises:
        InvalidCutoffError: k is below 1.

    >>> recall(["a", "b", "c"], {"a", "z"}, k=2)
    0.5
    """
    _refuse_cutoff(k)
    wanted = set(relevant)
    return _hits(ranked, wanted, k) / len(wanted) if wanted else math.nan


def precision(ranked: Sequence[Document], relevant: Iterable[Document], *, k: int) -> float:
    """Return the share of the first k places that hold a relevant document; a place left empty is a miss.

    Returns:
        A share in [0, 1]; nan when nothing is relevant.

    Raises:
        InvalidCutoffError: k is below 1.

    >>> precision(["a", "b", "c"], {"a", "z"}, k=2)
    0.5
    """
    _refuse_cutoff(k)
    wanted = set(relevant)
    return _hits(ranked, wanted, k) / k if wanted else math.nan


def mrr(ranked: Sequence[Document], relevant: Iterable[Document], *, k: int) -> float:
    """Return 1 / place of the first relevant document among the first k.

    Returns:
        A number in [0, 1], 0 when none is among them; nan when nothing is relevant.

    Raises:
        InvalidCutoffError: k is below 1.

    Source: Voorhees 1999, TREC-8 question answering.

    >>> mrr(["b", "a"], {"a"}, k=10)
    0.5
    """
    _refuse_cutoff(k)
    wanted = set(relevant)
    if not wanted:
        return math.nan
    return next((1 / place for place, document in enumerate(ranked[:k], start=1) if document in wanted), 0.0)


def coverage(lists: Iterable[Sequence[Document]], *, catalogue: int, k: int) -> float:
    """Return the share of the catalogue that is among the first k of at least one list.

    Args:
        lists: one ranked list per reader.
        catalogue: how many documents could be shown, >= 1.
        k: how many places of each list count, >= 1.

    Returns:
        A share in [0, 1].

    Raises:
        InvalidCutoffError: k is below 1.
        EmptyCatalogueError: there is nothing that could be shown.

    >>> coverage([["a", "b"], ["a", "c"]], catalogue=4, k=2)
    0.75
    """
    _refuse_cutoff(k)
    if catalogue < 1:
        raise EmptyCatalogueError
    return len({document for ranked in lists for document in islice(ranked, k)}) / catalogue


class EmptyCatalogueError(ValueError):
    """Coverage of a catalogue without documents."""

    def __init__(self) -> None:
        super().__init__("An empty catalogue has no coverage; give at least 1 document.")


def _refuse_cutoff(k: int) -> None:
    if k < 1:
        raise InvalidCutoffError(k)


def _gain(grade: float) -> float:
    if not grade >= 0 or math.isinf(grade):
        raise InvalidGradeError(f"A relevance grade of {grade} is not a number of 0 or more.")
    return float(2**grade - 1)


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, start=1))


def _hits(ranked: Sequence[Document], wanted: set[Document], k: int) -> int:
    return len(wanted.intersection(ranked[:k]))
