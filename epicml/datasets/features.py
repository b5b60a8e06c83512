"""What is known of each book beside its readers."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from epicml.datasets.arrays import Float32s, Float64s, Int8s, Int32s, NamedArrays
from epicml.datasets.id_map import ABSENT

COLUMNS = ("age_band", "popularity", "series", "series_number", "author")


class InvalidFeaturesError(ValueError):
    """Features that do not fit the books: wrong length, not finite, or an age band out of range."""


@dataclass(frozen=True)
class BookFeatures:
    """Columns with one entry per book row.

    Attributes:
        age_band: int8[n], rank 0 (youngest) to 5 (adult).
        popularity: float64[n], >= 0, how well known the book is outside (for example its count of ratings anywhere).
        series: int32[n], number of the series, -1 for none.
        series_number: float32[n], place in the series, nan where not known.
        author: int32[n], number of the first author, -1 for none.
        genres: float32[n, number of genres], 1 where the book carries the genre; a matrix without columns for none.
    """

    age_band: Int8s
    popularity: Float64s
    series: Int32s
    series_number: Float32s
    author: Int32s
    genres: sparse.csr_array[np.float32]

    def __post_init__(self) -> None:
        lengths = [len(self.popularity), len(self.series), len(self.series_number), len(self.author)]
        if {*lengths, self.genres.shape[0]} != {len(self.age_band)}:
            raise InvalidFeaturesError(f"{len(self.age_band)} age bands beside columns of {lengths} books.")
        if len(self.age_band) and not (self.age_band.min() >= 0 and self.age_band.max() <= 5):
            raise InvalidFeaturesError("An age band is outside 0 (youngest) to 5 (adult).")
        if not np.isfinite(self.popularity).all() or (self.popularity < 0).any():
            raise InvalidFeaturesError("A popularity is negative or not a number.")

    @classmethod
    def of(
        cls,
        *,
        age_band: Int8s,
        popularity: Float64s | None = None,
        series: Int32s | None = None,
        series_number: Float32s | None = None,
        author: Int32s | None = None,
        genres: sparse.csr_array[np.float32] | None = None,
    ) -> "BookFeatures":
        """Make features of books of which some columns are not known.

        Args:
            age_band: int8[n], rank 0 (youngest) to 5 (adult).
            popularity: float64[n], >= 0; 0 everywhere where not known.
            series: int32[n], -1 for none; none at all where not known.
            series_number: float32[n], nan where not known.
            author: int32[n], -1 for none; none at all where not known.
            genres: float32[n, number of genres]; without columns where not known.

        >>> BookFeatures.of(age_band=np.array([0, 5], np.int8)).series.tolist()
        [-1, -1]
        """
        n = len(age_band)
        return cls(
            age_band=np.asarray(age_band, np.int8),
            popularity=np.zeros(n) if popularity is None else np.asarray(popularity, np.float64),
            series=np.full(n, ABSENT, np.int32) if series is None else np.asarray(series, np.int32),
            series_number=np.full(n, np.nan, np.float32)
            if series_number is None
            else np.asarray(series_number, np.float32),
            author=np.full(n, ABSENT, np.int32) if author is None else np.asarray(author, np.int32),
            genres=sparse.csr_array(np.zeros((n, 0), np.float32)) if genres is None else genres,
        )

    def arrays(self) -> NamedArrays:
        """Return everything that `from_arrays` needs."""
        columns = {name: getattr(self, name) for name in COLUMNS}
        genres = {"indptr": self.genres.indptr, "indices": self.genres.indices, "data": self.genres.data}
        shape = np.array(self.genres.shape, np.int64)
        return {**columns, **{f"genres.{name}": array for name, array in genres.items()}, "genres.shape": shape}

    @classmethod
    def from_arrays(cls, arrays: NamedArrays) -> "BookFeatures":
        """Restore the features that gave these arrays.

        >>> books = BookFeatures.of(age_band=np.array([0, 5], np.int8), series=np.array([7, -1], np.int32))
        >>> BookFeatures.from_arrays(books.arrays()).series.tolist()
        [7, -1]
        """
        data = arrays["genres.data"].astype(np.float32, copy=False)
        places = arrays["genres.indices"].astype(np.int32), arrays["genres.indptr"].astype(np.int32)
        rows, columns = arrays["genres.shape"].astype(np.int64).tolist()
        genres = sparse.csr_array((data, *places), shape=(rows, columns))
        return cls(
            age_band=arrays["age_band"].astype(np.int8, copy=False),
            popularity=arrays["popularity"].astype(np.float64, copy=False),
            series=arrays["series"].astype(np.int32, copy=False),
            series_number=arrays["series_number"].astype(np.float32, copy=False),
            author=arrays["author"].astype(np.int32, copy=False),
            genres=genres,
        )

    def __len__(self) -> int:
        return len(self.age_band)
