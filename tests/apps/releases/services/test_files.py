from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from apps.releases.selectors.live import LiveRelease, live_release
from apps.releases.services.files import ArtifactCorruptError, artifact_path, load_arrays, save_arrays
from tests.apps.releases.numbers import KIND, NumberKind, damage


@pytest.mark.django_db
class TestArtifactPath:
    @pytest.fixture
    def live(self, numbers: NumberKind) -> LiveRelease:
        numbers.make(7.0)
        found = live_release(KIND)
        assert found is not None
        return found

    def test_is_the_sealed_folder_of_the_release(self, live: LiveRelease, artifacts_dir: Path) -> None:
        assert artifact_path(live) == artifacts_dir / KIND / live.key
        assert load_arrays(artifact_path(live) / "number.npz")["number"].tolist() == [7.0]

    def test_is_verified_at_every_call(self, live: LiveRelease, artifacts_dir: Path) -> None:
        artifact_path(live)
        damage(artifacts_dir, live.key)
        with pytest.raises(ArtifactCorruptError, match=r"number\.npz"):
            artifact_path(live)

    def test_is_refused_where_the_row_names_another_sum(self, live: LiveRelease) -> None:
        with pytest.raises(ArtifactCorruptError):
            artifact_path(replace(live, sha256="0" * 64))


class TestSaveArrays:
    def test_gives_back_type_and_shape(self, tmp_path: Path) -> None:
        arrays = {"a": np.array([[1, 2], [3, 4]], np.int8), "b": np.array(["x", "yz"]), "empty": np.zeros((0, 3))}
        save_arrays(tmp_path / "a.npz", arrays)
        found = load_arrays(tmp_path / "a.npz")
        assert {name: (array.dtype, array.shape) for name, array in found.items()} == {
            name: (array.dtype, array.shape) for name, array in arrays.items()
        }
        assert all((found[name] == arrays[name]).all() for name in arrays)
