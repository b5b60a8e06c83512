import json
from pathlib import Path

import numpy as np
import pytest

from apps.recommendations.services.building import HOLDOUT_FILE, FittedModels, arrays_sha256
from apps.recommendations.serving import BOOK_IDS, MODEL_FILE
from apps.releases.artifacts import load_arrays
from apps.releases.selectors.live import LiveRelease
from apps.releases.services.steps import Stored
from epicml.datasets.arrays import NamedArrays
from epicml.datasets.audit import Severity
from tests.apps.recommendations.library import NOON, made_in


def champion_of(rows: int) -> LiveRelease:
    return LiveRelease(1, "recommender", "0", "0" * 64, {"snapshot": {"rows": rows}}, NOON)


class TestBuild:
    @pytest.mark.parametrize("with_lightfm", [False, True])  # where it is not installed both are the same
    def test_gives_the_same_bytes_for_the_same_facts(
        self, full_library: None, tmp_path: Path, with_lightfm: bool
    ) -> None:
        first = made_in(tmp_path / "one", with_lightfm=with_lightfm).fitted
        second = made_in(tmp_path / "two", with_lightfm=with_lightfm).fitted

        assert first.details == second.details
        assert first.reproducible
        for name in (MODEL_FILE, HOLDOUT_FILE):
            assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
            one, two = load_arrays(tmp_path / "one" / name), load_arrays(tmp_path / "two" / name)
            assert one.keys() == two.keys()
            assert [key for key in one if one[key].tobytes() != two[key].tobytes()] == []

    def test_measures_with_a_model_that_did_not_see_the_newest_facts(self, full_library: None, tmp_path: Path) -> None:
        data = made_in(tmp_path / "one").snapshot
        served, measured = (load_arrays(tmp_path / "one" / name) for name in (MODEL_FILE, HOLDOUT_FILE))
        # Every fact of this library is a like; beside them, popularity holds only a rest below 1 for ties.
        likes = {
            name: np.floor(arrays["popularity.overall"]).sum() for name, arrays in (("s", served), ("m", measured))
        }
        assert likes == {"s": len(data.interactions), "m": len(data.split.train)}
        assert len(data.split.train) + len(data.split.test) == len(data.interactions)
        assert (served[BOOK_IDS] == measured[BOOK_IDS]).all()

    def test_says_what_it_was_built_from_and_does_on_the_way(self, full_library: None, tmp_path: Path) -> None:
        made = made_in(tmp_path / "one")
        details, told = made.fitted.details, made.told

        assert "lightfm" not in details["models"]
        assert details["models"][-1] == "popularity"
        assert set(details) == {"snapshot", "models", "settings", "seed", "test_share"}
        assert told[0] == "reading what readers did"
        assert any(text.startswith("fitting the holdout model: ") for text in told)
        assert any(text.startswith("fitting the served model: ") for text in told)

    def test_goes_on_with_a_stop_that_a_person_may_accept(self, full_library: None, tmp_path: Path) -> None:
        first = made_in(tmp_path / "one", champion=champion_of(5000)).audit.findings[0]
        assert (first.severity, first.name) == (Severity.STOP, "rows_lost")
        assert "the live model was built from 5,000" in first.text


class TestFittedModels:
    def test_are_read_back_as_they_were_stored(self, full_library: None, tmp_path: Path) -> None:
        fitted = made_in(tmp_path / "one").fitted
        written = json.loads(json.dumps(fitted.stored().values))
        assert FittedModels.restored(Stored(written)) == fitted


class TestArraysSha256:
    ARRAYS = {"a": np.array([1, 2, 3, 4], np.int32), "b": np.array([0.5])}

    def test_does_not_depend_on_order_or_layout(self) -> None:
        strided = np.array([1, 9, 2, 9, 3, 9, 4, 9], np.int32)[::2]
        assert arrays_sha256({"b": self.ARRAYS["b"], "a": strided}) == arrays_sha256(self.ARRAYS)

    @pytest.mark.parametrize(
        "changed",
        [
            {"a": np.array([1, 2, 3, 5], np.int32)},
            {"a": np.array([1, 2, 3, 4], np.uint32)},
            {"a": np.array([[1, 2], [3, 4]], np.int32)},
            {"c": np.array([], np.int32)},
        ],
        ids=["value", "type", "shape", "name"],
    )
    def test_changes_with_everything_else(self, changed: NamedArrays) -> None:
        assert arrays_sha256({**self.ARRAYS, **changed}) != arrays_sha256(self.ARRAYS)
