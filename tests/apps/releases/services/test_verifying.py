from pathlib import Path

import pytest
from pytest_django import Settings

from apps.releases.selectors.live import live_release
from apps.releases.services.files import known_damage
from apps.releases.services.verifying import verify_live
from tests.apps.releases.numbers import KIND, NumberKind, damage
from tests.apps.releases.object_storage import ObjectStorage, storages_at


@pytest.mark.django_db
class TestVerifyLive:
    @pytest.fixture
    def sha256(self, numbers: NumberKind) -> str:
        numbers.make(7.0)
        live = live_release(KIND)
        assert live is not None
        return live.sha256

    def test_finds_nothing_in_sound_files(self, sha256: str) -> None:
        assert verify_live() == "The files of 1 live releases are as they were sealed."
        assert known_damage(KIND, sha256) == ""

    def test_keeps_what_it_found_until_it_is_mended(self, sha256: str, artifacts_dir: Path) -> None:
        path = next(artifacts_dir.glob(f"{KIND}/*/number.npz"))
        sound = path.read_bytes()
        damage(artifacts_dir, path.parent.name)
        said = verify_live()
        assert "number.npz" in said
        assert (known_damage(KIND, sha256), known_damage(KIND, "of another one")) == (said, "")
        path.write_bytes(sound)
        verify_live()
        assert known_damage(KIND, sha256) == ""

    @pytest.mark.parametrize("content", ["", "{}", None])
    def test_mends_the_list_of_files(self, sha256: str, artifacts_dir: Path, content: str | None) -> None:
        (manifest,) = artifacts_dir.glob(f"{KIND}/*/manifest.json")
        sealed = manifest.read_bytes()
        manifest.unlink() if content is None else manifest.write_text(content)
        assert verify_live().endswith("as they were sealed.")
        assert manifest.read_bytes() == sealed


@pytest.mark.django_db
class TestObjectStorage:
    def test_is_read_where_it_is_stored(self, numbers: NumberKind, object_storage: ObjectStorage) -> None:
        """This machine's copy is sound; a new machine would find none."""
        numbers.make(7.0)
        live = live_release(KIND)
        assert live is not None
        name = f"{KIND}/{live.key}/number.npz"
        object_storage.damage(name)
        said = verify_live()
        assert said.startswith(f"number.npz of {KIND} {live.key} in s3://")
        assert known_damage(KIND, live.sha256) == said
        object_storage.damage(name)  # the same bit once more
        verify_live()
        assert known_damage(KIND, live.sha256) == ""

    def test_that_is_away_says_so_and_calls_nothing_damaged(
        self, numbers: NumberKind, object_storage: ObjectStorage, settings: Settings
    ) -> None:
        numbers.make(7.0)
        live = live_release(KIND)
        assert live is not None
        settings.STORAGES = storages_at("s3://artifacts-of-tests?endpoint=http://127.0.0.1:1")
        assert "cannot be reached" in verify_live()
        assert known_damage(KIND, live.sha256) == ""
