"""Names for the array types that travel between the rooms of the core."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Bools: TypeAlias = npt.NDArray[np.bool_]
Int8s: TypeAlias = npt.NDArray[np.int8]
Int32s: TypeAlias = npt.NDArray[np.int32]
Int64s: TypeAlias = npt.NDArray[np.int64]
Float32s: TypeAlias = npt.NDArray[np.float32]
Float64s: TypeAlias = npt.NDArray[np.float64]
# What a model is saved as: every array under a name, "part.array". Sorted, so that saves are byte-equal.
NamedArrays: TypeAlias = dict[str, npt.NDArray[np.generic]]


def part_of(prefix: str, arrays: NamedArrays) -> NamedArrays:
    """Return the arrays whose names begin with this prefix and a point, without it.

    Args:
        prefix: name of the part, without the point.
        arrays: everything that was saved.

    >>> sorted(part_of("facts", {"facts.at": np.zeros(1), "facts.book": np.zeros(1), "books": np.zeros(1)}))
    ['at', 'book']
    """
    return {name.removeprefix(f"{prefix}."): array for name, array in arrays.items() if name.startswith(f"{prefix}.")}
