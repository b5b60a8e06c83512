import numpy as np
import pytest

from epicml.recommenders.protocol import InvalidModelError
from epicml.recommenders.settings import DEFAULT_SETTINGS, FusionSettings


class TestPersonalShare:
    @pytest.mark.parametrize(("liked", "share"), [(0, 0), (1, 1 / 6), (5, 1 / 2), (15, 3 / 4), (95, 0.95)])
    def test_rises_with_the_liked_books(self, liked: int, share: float) -> None:
        assert FusionSettings().personal_share(liked) == pytest.approx(share)

    def test_is_a_half_at_the_number_that_is_set(self) -> None:
        assert FusionSettings(newcomer=12).personal_share(12) == 0.5


class TestWeight:
    def test_is_1_for_a_part_that_is_not_named(self) -> None:
        chosen = FusionSettings(weights={"author": 0.7})
        assert (chosen.weight("author"), chosen.weight("lightfm")) == (0.7, 1.0)


class TestArrays:
    @pytest.mark.parametrize(
        "chosen", [FusionSettings(), DEFAULT_SETTINGS, FusionSettings({"b": 2.5, "a": 0.0}, k=7.5, depth=3, newcomer=2)]
    )
    def test_give_the_settings_again(self, chosen: FusionSettings) -> None:
        assert FusionSettings.from_arrays(chosen.arrays()) == chosen

    @pytest.mark.parametrize("missing", ["constants", "weight_names", "weights"])
    def test_are_refused_where_one_is_missing(self, missing: str) -> None:
        arrays = FusionSettings(weights={"author": 0.7}).arrays()
        del arrays[missing]
        with pytest.raises(InvalidModelError, match=f"incomplete: '{missing}'"):
            FusionSettings.from_arrays(arrays)

    @pytest.mark.parametrize(("name", "array"), [("constants", np.array([60.0])), ("weights", np.array([1.0, 2.0]))])
    def test_are_refused_where_they_do_not_fit(
        self, name: str, array: np.ndarray[tuple[int], np.dtype[np.float64]]
    ) -> None:
        arrays = FusionSettings(weights={"author": 0.7}).arrays() | {name: array}
        with pytest.raises(InvalidModelError, match="The settings of the fusion are incomplete"):
            FusionSettings.from_arrays(arrays)


class TestAsJson:
    def test_shows_every_decision(self) -> None:
        chosen = FusionSettings({"author": 0.7}, k=10, depth=50, newcomer=5)
        assert chosen.as_json() == {"weights": {"author": 0.7}, "k": 10, "depth": 50, "newcomer": 5}
