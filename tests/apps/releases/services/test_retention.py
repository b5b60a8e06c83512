"""Retention beyond the last three that were live, which test_promotion.py looks at."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.releases.models import Release
from apps.releases.services.kinds import register_kind
from apps.releases.services.promotion import promote_release
from apps.releases.services.retention import KEPT_WAITING, remove_leftovers, remove_outdated
from tests.apps.releases.numbers import KIND, NOON, NumberKind, served_number
from tests.apps.releases.object_storage import ObjectStorage, storages_at

pytestmark = pytest.mark.django_db


def kept(artifacts_dir: Path) -> list[str]:
    return sorted(path.name for path in (artifacts_dir / KIND).iterdir())


class TestRemoveOutdated:
    def test_keeps_the_newest_of_those_that_wait(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        live = numbers.make(1.0).key
        waiting = [numbers.make(2.0, promote=False).key for _ in range(KEPT_WAITING + 2)]
        assert kept(artifacts_dir) == [live, *waiting[2:]]
        assert numbers.removed == waiting[:2]

    def test_removes_what_waited_for_a_champion_that_is_no_more(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        numbers.make(1.0)
        early = numbers.make(2.0, promote=False).key
        other = numbers.make(3.0, promote=False).key
        promote_release(KIND, other, decided_by="ada", why="", now=NOON)
        assert remove_outdated(KIND, now=NOON) == [early]
        assert early not in kept(artifacts_dir)

    def test_keeps_the_row_and_says_when_the_files_went(self, numbers: NumberKind) -> None:
        numbers.make(1.0)
        refused = numbers.make(-1.0, now=NOON + timedelta(hours=1))
        row = Release.objects.get(key=refused.key)
        assert (row.state, row.artifact_removed_at) == ("refused", NOON + timedelta(hours=1))
        assert row.report
        assert row.manifest["files"]

    def test_removes_nothing_twice(self, numbers: NumberKind) -> None:
        numbers.make(1.0)
        numbers.make(-1.0)
        assert remove_outdated(KIND, now=NOON) == []

    def test_leaves_what_is_still_being_built(self, numbers: NumberKind) -> None:
        Release.objects.create(kind=KIND, key="1", created_by="ada", created_at=NOON)
        assert remove_outdated(KIND, now=NOON + timedelta(days=9)) == []

    def test_leaves_other_kinds(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        register_kind(replace(numbers.as_kind(), name="others"))
        for number in range(5):
            numbers.make(float(number))
        Release.objects.filter(state="retired").update(kind="others")
        assert remove_outdated(KIND, now=NOON) == []
        assert served_number() == 4.0

    def test_takes_files_that_are_gone_already_for_removed(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        numbers.make(1.0)
        waiting = [numbers.make(2.0, promote=False).key for _ in range(KEPT_WAITING)]
        for path in (artifacts_dir / KIND / waiting[0]).iterdir():
            path.unlink()
        numbers.make(3.0, promote=False)
        assert Release.objects.get(key=waiting[0]).artifact_removed_at == NOON


class TestRemoveLeftovers:
    def test_removes_what_stayed_because_the_storage_was_away(
        self, numbers: NumberKind, object_storage: ObjectStorage, settings: Settings
    ) -> None:
        live, refused = numbers.make(1.0).key, numbers.make(200.0, promote=False).key
        settings.STORAGES = storages_at("s3://artifacts-of-tests?endpoint=http://127.0.0.1:1")
        Release.objects.filter(key=refused).update(refusals=[])  # nobody may accept it any more
        assert remove_outdated(KIND, now=NOON) == [refused]
        assert "cannot be reached" in remove_leftovers()

        settings.STORAGES = storages_at(object_storage.address)
        assert {name.split("/")[1] for name in object_storage.names()} == {live, refused}
        assert remove_leftovers() == "The files of 1 removed releases were still there."
        assert {name.split("/")[1] for name in object_storage.names()} == {live}

    def test_leaves_what_the_database_does_not_know(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        numbers.make(1.0)
        (artifacts_dir / KIND / "2026-01-01.1").mkdir()
        assert remove_leftovers() == "The files of 0 removed releases were still there."
        assert "2026-01-01.1" in kept(artifacts_dir)
