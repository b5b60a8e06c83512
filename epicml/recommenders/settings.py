"""The decisions of the fusion, kept with the model so that a report can say what was served."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Self

import numpy as np

from epicml.datasets.arrays import NamedArrays
from epicml.recommenders.protocol import InvalidModelError


@dataclass(frozen=True)
class FusionSettings:
    """Constants of reciprocal rank fusion.

    Attributes:
        weights: weight of each part, >= 0; a part not named weighs 1.
        k: added to every rank, >= 0; the smaller, the more the first places count.
        depth: how many places of each part count, >= 1.
        newcomer: with this many liked books the personal parts and popularity weigh the same, > 0.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    k: float = 60.0
    depth: int = 200
    newcomer: float = 5.0

    def weight(self, part: str) -> float:
        """Return the weight of a part."""
        return self.weights.get(part, 1.0)

    def personal_share(self, liked: int) -> float:
        """Return n / (n + newcomer): 0 with no liked book, towards 1 with many.

        Args:
            liked: how many books the reader liked, >= 0.

        >>> FusionSettings().personal_share(5)
        0.5
        """
        return liked / (liked + self.newcomer)

    def as_json(self) -> dict[str, object]:
        """Return the settings as a manifest shows them."""
        return asdict(self) | {"weights": dict(self.weights)}

    def arrays(self) -> NamedArrays:
        """Return the settings as named arrays."""
        names = sorted(self.weights)
        return {
            "constants": np.array([self.k, self.depth, self.newcomer], np.float64),
            "weight_names": np.array(names, dtype="U32"),
            "weights": np.array([self.weights[name] for name in names], np.float64),
        }

    @classmethod
    def from_arrays(cls, arrays: NamedArrays) -> Self:
        """Restore the settings that gave these arrays.

        Raises:
            InvalidModelError: an array is missing or does not fit the others.
        """
        try:
            k, depth, newcomer = (float(value) for value in arrays["constants"])
            named = zip(arrays["weight_names"], arrays["weights"], strict=True)
            weights = {str(name): float(weight) for name, weight in named}
            return cls(weights, k, int(depth), newcomer)
        except (KeyError, ValueError) as error:
            raise InvalidModelError(f"The settings of the fusion are incomplete: {error}.") from error


# Found by coordinate ascent on an inner split of the goodbooks readers.
DEFAULT_SETTINGS = FusionSettings(
    weights={"item_knn": 1.4, "sequence": 1.0, "series": 1.0, "author": 0.7, "popularity": 1.0}, k=10.0
)
