"""Whatever file of the index is damaged: readers are answered rightly, readiness says it, and it mends itself."""

import os
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.utils import timezone

from apps.catalog.services.books import save_books
from apps.jobs.models import Job
from apps.jobs.services.runner.execution import run_until_empty
from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services.live_artifact import reset_live_artifacts
from apps.releases.services.verifying import verify_live
from apps.search.engines.embedded import private
from apps.search.engines.embedded.checking import damage_of
from apps.search.engines.embedded.folders import copies_folder, damages_count, only_writer
from apps.search.engines.embedded.publication import INDEX
from apps.search.engines.embedded.reader import EmbeddedEngine
from apps.search.engines.embedded.writer import IndexWriter
from apps.search.services.applying import apply_changes
from apps.search.services.monitoring import health
from apps.search.services.verifying import verify_index
from apps.search.serving import indexes
from tests.apps.catalog.samples import a_book
from tests.apps.search import library
from tests.apps.search.damages import flip, remove_copies, sealed_folder
from tests.apps.search.library import NOON
from tests.apps.search.searching import keys, searched

NAMES = (
    ".term",
    ".idx",
    ".pos",
    ".fast",
    ".store",
    ".fieldnorm",
    ".del",
    "meta.json",
    ".managed.json",
    "published.json",
    "lexicon.npz",
)
PATIENCE_SECONDS = 10.0
IN_A_WHILE = NOON + timedelta(seconds=10)


def copy() -> Path:
    (folder,) = [path for path in copies_folder().iterdir() if path.is_dir()]
    return folder


def file_of(folder: Path, name: str) -> Path:
    return next(path for path in sorted(folder.rglob("*")) if path.name.endswith(name))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip_unnoticed(path: Path) -> None:
    """A bit is another one and the file system says nothing of it, as when a disk forgets."""
    before = path.stat()
    flip(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def answers(now: datetime) -> list[list[str]]:
    """What is found, all of it by the index."""
    found = [searched(text, now=now) for text in ("holes", "zebra", "poter", "dahl", "dragon")]
    assert {answer.fallback for answer in found} == {None}
    return [keys(answer) for answer in found]


def is_well_soon() -> bool:
    """Whether readiness says so by the next look of this process, half a second of the real clock later."""
    end = time.monotonic() + PATIENCE_SECONDS
    while health().state != "ok" and time.monotonic() < end:
        time.sleep(0.05)
    return health().state == "ok"


@pytest.fixture
def changed_copy(live_index_row: ReleaseRow) -> Path:
    """A working copy of several segments, one of which lost a book, that this process has open."""
    save_books([a_book("new", title="Zebra", series=None)], now=NOON)
    apply_changes()
    save_books([a_book("new", title="Zebra Two", series=None), a_book("b", title="Ant", series=None)], now=NOON)
    apply_changes()
    assert indexes.current(NOON) is not None
    Job.objects.all().delete()
    return copy()


@pytest.mark.parametrize("damage", [flip, cut, Path.unlink], ids=["flipped", "cut", "removed"])
class TestADamagedWorkingCopy:
    def test_is_noticed_by_who_has_it_open_and_made_anew(
        self, changed_copy: Path, damage: Callable[[Path], None]
    ) -> None:
        """Of every kind of file, one after the other."""
        right = answers(NOON)
        for turn, name in enumerate(NAMES, start=1):
            now = NOON + turn * timedelta(seconds=20)
            damage(file_of(copy(), name))
            self.is_noticed(name, now, right=right, count=turn)
            run_until_empty(clock=lambda now=now: now)  # type: ignore[misc]
            assert (damage_of(copy()), answers(now), is_well_soon()) == ("", right, True), (name, health())
            self.make_several_segments()

    def is_noticed(self, name: str, now: datetime, *, right: list[list[str]], count: int) -> None:
        assert answers(now) == right, name
        assert [job.name for job in Job.objects.filter(state="queued")] == ["search.apply_changes"], name
        said = health()
        assert (said.state, "was damaged, as was found at" in said.detail) == ("degraded", True), name
        assert damages_count() == count

    def make_several_segments(self) -> None:
        """What is made anew is one segment; another one loses a book here, so that there are deletions."""
        for title in ("Ant", "Bee"):
            save_books([a_book("b", title=title, series=None)], now=NOON)
            run_until_empty(clock=lambda: NOON)


class TestAWriter:
    """It has committed and not published yet."""

    def commit(self, folder: Path) -> None:
        writer = IndexWriter(folder / INDEX)
        writer.commit(99)
        writer.close()

    def test_is_not_disturbed(self, changed_copy: Path) -> None:
        with only_writer():
            self.commit(changed_copy)
            assert "holes" in answers(IN_A_WHILE)[0]
            assert not Job.objects.exists()
        assert damages_count() == 0

    def test_that_was_killed_leaves_a_copy_that_is_made_anew(self, changed_copy: Path) -> None:
        self.commit(changed_copy)
        right = answers(IN_A_WHILE)
        assert damages_count() == 1
        run_until_empty(clock=lambda: IN_A_WHILE)
        assert (answers(IN_A_WHILE), damage_of(copy()), is_well_soon()) == (right, "", True)


class TestADamageThatNobodySees:
    @pytest.mark.parametrize("name", [".term", ".store", "lexicon.npz"])
    def test_is_found_by_the_job_and_mended(self, changed_copy: Path, name: str) -> None:
        damage_of(changed_copy)
        flip_unnoticed(file_of(changed_copy, name))
        assert damage_of(changed_copy) == ""
        assert f"{name} is not what was written" in verify_index(now=NOON)
        assert health().state == "degraded"
        run_until_empty(clock=lambda: NOON)
        assert is_well_soon()
        assert verify_index(now=NOON).endswith("every file of the working copy is as it was written.")

    @pytest.mark.parametrize("name", [".term", ".store", "lexicon.npz"])
    def test_is_found_by_a_process_that_starts(self, changed_copy: Path, name: str) -> None:
        flip_unnoticed(file_of(changed_copy, name))
        reset_live_artifacts()
        index = indexes.held(IN_A_WHILE)
        assert index is not None
        assert (not index.is_copy, searched("holes", now=IN_A_WHILE).fallback) == (True, None)
        assert [job.name for job in Job.objects.all()] == ["search.apply_changes"]
        run_until_empty(clock=lambda: IN_A_WHILE)
        index = indexes.held(IN_A_WHILE + timedelta(seconds=6))
        assert index is not None
        assert (not index.is_copy, index.opened.books) == (False, len(library.books()) + 2)


class TestDamagedSealedFiles:
    @pytest.mark.parametrize("name", [".term", ".fast", "meta.json", "lexicon.npz", "catalogue.npz"])
    def test_are_named_while_the_copy_answers(self, live_index_row: ReleaseRow, var_dir: Path, name: str) -> None:
        flip(file_of(sealed_folder(var_dir, live_index_row.key), name))
        assert "its SHA-256 differs" in verify_live()
        said = health()
        assert (said.state, name in said.detail) == ("degraded", True)
        assert said.impact.startswith("Nothing yet: the working copy answers.")
        assert "--accept not_compared" in said.remedy
        assert searched("holes").fallback is None

    def test_are_forgotten_when_they_are_mended(self, live_index_row: ReleaseRow, var_dir: Path) -> None:
        path = file_of(sealed_folder(var_dir, live_index_row.key), ".term")
        flip(path)
        verify_live()
        flip(path)
        verify_live()
        assert health().state == "ok"

    def test_and_a_damaged_copy_leave_what_is_open_answering(
        self, changed_copy: Path, live_index_row: ReleaseRow, var_dir: Path
    ) -> None:
        assert searched("holes", now=timezone.now()).fallback is None
        for folder in (sealed_folder(var_dir, live_index_row.key), changed_copy):
            cut(file_of(folder, ".term"))
        verify_live()
        verify_index(now=NOON)
        later = timezone.now() + timedelta(seconds=10)
        assert (searched("holes", now=later).fallback, keys(searched("zebra", now=later))) == (None, ["new"])
        assert "web processes answer from what they opened before" in health().impact


class TestNoRoom:
    def test_is_named_with_what_helps(self, live_index_row: ReleaseRow, monkeypatch: pytest.MonkeyPatch) -> None:
        now = timezone.now()
        monkeypatch.setattr(tempfile, "tempdir", "/proc")  # has no room at all
        with monkeypatch.context() as full:
            full.setattr(private, "settings", SimpleNamespace(VAR_DIR="/proc"))
            assert searched("holes", now=now).fallback == "index_unavailable"
            said = health()
        assert (said.state, said.remedy.startswith("Make room")) == ("degraded", True)
        assert "has room for a private copy" in said.detail
        later = now + timedelta(seconds=10)
        assert searched("holes", now=later).fallback is None
        assert damages_count() == 0

    def test_for_a_commit_leaves_what_is_open_answering(
        self, live_index_row: ReleaseRow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = timezone.now()
        index = indexes.held(now)
        assert index is not None
        assert isinstance(index.opened, EmbeddedEngine)
        save_books([a_book("new", title="Zebra", series=None)], now=NOON)
        apply_changes()
        index.opened._files.folder.mkdir()  # so that nothing can be made there
        with monkeypatch.context() as full:
            full.setattr(tempfile, "tempdir", "/proc")
            full.setattr(private, "settings", SimpleNamespace(VAR_DIR="/proc"))
            for seconds in range(3):
                answer = searched("holes", now=now + timedelta(seconds=seconds))
                assert (answer.fallback, keys(answer)) == (None, ["holes"])
            said = health()
        index.opened._files.folder.rmdir()
        assert (said.state, said.remedy.startswith("Make room")) == ("degraded", True)
        assert said.detail.startswith(f"Release {live_index_row.key} answers without its newest changes: ")
        assert keys(searched("zebra", now=now + timedelta(seconds=20))) == ["new"]
        assert (is_well_soon(), damages_count()) == (True, 0)


class TestVerifyIndex:
    def test_says_that_nothing_is_live(self, full_library: None) -> None:
        assert verify_index(now=NOON) == "No search index is live."

    def test_has_a_copy_made_that_is_not_there(self, live_index_row: ReleaseRow) -> None:
        Job.objects.all().delete()
        remove_copies()
        assert "the working copy is made anew: there is no sound one" in verify_index(now=NOON)
        run_until_empty(clock=lambda: NOON)
        assert damage_of(copy()) == ""
