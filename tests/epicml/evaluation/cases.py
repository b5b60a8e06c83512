"""An evaluation set whose rankings are written by hand: forty readers of 9 to 11, who each look for one book.

Sixty books: 0 to 7 are looked for, 8 to 39 fill the lists, 40 to 49 were read before, 50 to 59 are for adults.
"""

from collections.abc import Callable

import numpy as np

from epicml.datasets.arrays import Bools, Int32s
from epicml.datasets.features import BookFeatures
from epicml.evaluation.offline import EvaluationSet, Rankings, TestCase, rankings_of
from tests.epicml.recommenders.library import history

READERS, BOOKS = 40, 60
WANTED, FILLING, READ, FOR_ADULTS = 0, 8, 40, 50

ListOf = Callable[[int], list[int]]


def looking_for(reader: int) -> int:
    return WANTED + reader % 8


def evaluation_set() -> EvaluationSet:
    bands = np.zeros(BOOKS, np.int8)
    bands[FOR_ADULTS:] = 5
    cases = tuple(
        TestCase(reader, history([READ + reader % 10]), np.array([looking_for(reader)], np.int32), age_band=2)
        for reader in range(READERS)
    )
    return EvaluationSet(cases, BookFeatures.of(age_band=bands))


def rankings(list_of: ListOf) -> Rankings:
    """The rankings that give each reader this list."""

    def rank(case: TestCase, eligible: Bools, k: int) -> Int32s:
        return np.array(list_of(case.reader)[:k], np.int32)

    return rankings_of(evaluation_set(), rank)


def hit_at(place: int) -> ListOf:
    """Nine filling books, different for each reader, and the one looked for at this place."""

    def list_of(reader: int) -> list[int]:
        filling = [FILLING + (reader + step) % 32 for step in range(9)]
        return [*filling[: place - 1], looking_for(reader), *filling[place - 1 :]]

    return list_of
