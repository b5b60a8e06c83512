import math
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from epicml.datasets.features import BookFeatures, InvalidFeaturesError
from epicml.datasets.id_map import ABSENT

BANDS = np.array([0, 3, 5], np.int8)


def columns(**changed: Any) -> dict[str, Any]:
    return {
        "age_band": BANDS,
        "popularity": np.array([0.0, 10.0, 2.5]),
        "series": np.array([0, 0, ABSENT], np.int32),
        "series_number": np.array([1, 2, np.nan], np.float32),
        "author": np.array([4, 4, ABSENT], np.int32),
        "genres": sparse.csr_array(np.array([[1, 0], [0, 1], [0, 0]], np.float32)),
    } | changed


class TestBookFeatures:
    def test_keeps_one_entry_for_each_book(self) -> None:
        features = BookFeatures(**columns())

        assert len(features) == 3
        assert features.genres.shape == (3, 2)

    @pytest.mark.parametrize("column", ["age_band", "popularity", "series", "series_number", "author"])
    def test_refuses_a_column_of_another_length(self, column: str) -> None:
        with pytest.raises(InvalidFeaturesError, match="age bands beside columns"):
            BookFeatures(**columns(**{column: columns()[column][:2]}))

    def test_refuses_genres_of_other_books(self) -> None:
        with pytest.raises(InvalidFeaturesError):
            BookFeatures(**columns(genres=sparse.csr_array((2, 2), dtype=np.float32)))

    @pytest.mark.parametrize("band", [-1, 6])
    def test_refuses_an_age_band_that_there_is_not(self, band: int) -> None:
        with pytest.raises(InvalidFeaturesError, match="outside 0"):
            BookFeatures.of(age_band=np.array([0, band], np.int8))

    @pytest.mark.parametrize("popularity", [-0.5, math.nan, math.inf])
    def test_refuses_a_popularity_that_cannot_be(self, popularity: float) -> None:
        with pytest.raises(InvalidFeaturesError, match="popularity is negative or not a number"):
            BookFeatures.of(age_band=BANDS, popularity=np.array([0, 1, popularity]))


class TestBookFeaturesOf:
    def test_says_of_each_column_that_is_not_given_that_it_is_not_known(self) -> None:
        features = BookFeatures.of(age_band=BANDS)

        assert features.popularity.tolist() == [0, 0, 0]
        assert features.series.tolist() == [-1, -1, -1]
        assert np.isnan(features.series_number).all()
        assert features.author.tolist() == [-1, -1, -1]
        assert features.genres.shape == (3, 0)

    def test_keeps_what_is_given(self) -> None:
        given = columns()

        features = BookFeatures.of(**given)

        for name, column in given.items():
            kept = getattr(features, name)
            assert kept is column if name == "genres" else np.array_equal(kept, column, equal_nan=True), name

    def test_stores_each_column_in_the_type_that_models_read(self) -> None:
        features = BookFeatures.of(
            age_band=np.array([1, 2]), popularity=np.array([1, 2]), series=np.array([3, 4]), author=np.array([5, 6])
        )

        assert features.age_band.dtype == np.int8
        assert features.popularity.dtype == np.float64
        assert features.series.dtype == features.author.dtype == np.int32
        assert features.series_number.dtype == features.genres.dtype == np.float32

    def test_describes_a_catalogue_without_books(self) -> None:
        assert len(BookFeatures.of(age_band=np.array([], np.int8))) == 0
