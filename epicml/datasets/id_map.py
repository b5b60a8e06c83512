"""From the ids of a database to the rows of an array, and back.

A book has three numbers: its id in the database, its row in the catalogue in memory, and its row in a model. The type
of an array says which of them it holds, and mypy refuses one in the place of another. What is made of such an array by
numpy has lost its type; it is given again where the numbers are sure to be of that kind.
"""

from dataclasses import dataclass
from typing import NewType, TypeVar, cast

import numpy as np
import numpy.typing as npt

from epicml.datasets.arrays import Int32s, Int64s

ABSENT = -1  # in place of a row, of a code, of any number that counts from 0: there is none

BookIds = NewType("BookIds", Int64s)
CatalogueRows = NewType("CatalogueRows", Int32s)
ModelRows = NewType("ModelRows", Int32s)

Rows = TypeVar("Rows", CatalogueRows, ModelRows)


def present(rows: Rows) -> Rows:
    """Leave out what is absent; the rows stay of their kind.

    >>> present(CatalogueRows(np.array([4, -1, 2], np.int32))).tolist()
    [4, 2]
    """
    return cast("Rows", rows[rows != ABSENT])


@dataclass(frozen=True, slots=True)
class IdMap:
    """Ids in rising order; the row of an id is its place.

    Attributes:
        ids: int64[n], unique, rising.
    """

    ids: Int64s

    @classmethod
    def of(cls, ids: npt.ArrayLike) -> "IdMap":
        """Map these ids, given in any order and any number of times.

        >>> IdMap.of([30, 10, 30]).ids.tolist()
        [10, 30]
        """
        return cls(np.unique(np.asarray(ids, np.int64)))

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, ids: npt.ArrayLike) -> Int32s:
        """int32, one per id asked: its row, or -1 if it is not mapped.

        >>> IdMap.of([10, 30]).rows([30, 20]).tolist()
        [1, -1]
        """
        asked = np.asarray(ids, np.int64)
        if not len(self.ids):
            return np.full(len(asked), ABSENT, np.int32)
        places = np.minimum(np.searchsorted(self.ids, asked), len(self.ids) - 1)
        return np.where(self.ids[places] == asked, places, ABSENT).astype(np.int32)
