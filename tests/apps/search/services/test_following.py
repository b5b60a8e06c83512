import os
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from apps.catalog.selectors.changes import last_change_number
from apps.catalog.services.books import delete_books, save_books
from apps.jobs.models import Job
from apps.jobs.services.runner.following import FollowingStoppedError, HostTurn
from apps.releases.selectors.listing import ReleaseRow
from apps.releases.selectors.live import live_key
from apps.releases.services.files import ArtifactCorruptError
from apps.releases.services.promotion import roll_back
from apps.search.engines.embedded import folders
from apps.search.engines.embedded.checking import damage_of
from apps.search.engines.embedded.folders import open_engine
from apps.search.engines.embedded.publication import PUBLISHED, published, published_stamp
from apps.search.services import applying
from apps.search.services.following import IndexFollower
from epicml.search import lexicon
from epicml.search.fields import TOKENS_VERSION
from tests.apps.catalog.samples import a_book
from tests.apps.search import library
from tests.apps.search.damages import change_a_byte, flip, remove_copies, sealed_folder
from tests.apps.search.library import NOON
from tests.apps.search.searching import found, of_index


class Host:
    """The follower of this host, the clock that it waits by, and its working copy."""

    def __init__(self) -> None:
        self.monotonic = 1000.0
        self.stopping = False
        self.follower = IndexFollower(monotonic=lambda: self.monotonic)

    def turn(self, *, later: float = 0.0) -> bool:
        self.monotonic += later
        return self.follower.turn(HostTurn(lambda: NOON, lambda: self.stopping))

    def copy(self) -> Path:
        live = live_key("search_index")
        assert live is not None
        return folders.copy_folder(*live)

    def cursor(self) -> int:
        return published(self.copy()).cursor

    def keys(self, text: str) -> list[str]:
        return found(of_index(open_engine(self.copy())), text)


@pytest.fixture
def host(live_index_row: ReleaseRow) -> Host:
    """A host whose follower has taken its first turn."""
    host = Host()
    host.turn()
    return host


def save_zebra(key: str = "new", title: str = "Zebra") -> None:
    save_books([a_book(key, title=title, series=None)], now=NOON)


def flip_unnoticed(path: Path) -> None:
    before = path.stat()
    flip(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


class TestTurn:
    def test_applies_what_changed_without_any_job(self, host: Host) -> None:
        save_zebra()
        delete_books(["matilda"], now=NOON)
        Job.objects.all().delete()
        host.turn()
        assert (host.keys("zebra"), host.keys("matilda"), host.cursor()) == (["new"], [], last_change_number())
        assert not Job.objects.exists()

    def test_costs_two_queries_and_writes_nothing_where_nothing_changed(
        self, host: Host, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        before = published_stamp(host.copy() / PUBLISHED)
        with django_assert_num_queries(2):
            host.turn()
        assert published_stamp(host.copy() / PUBLISHED) == before

    def test_does_nothing_where_nothing_is_live(self, full_library: None) -> None:
        Host().turn()
        assert not folders.copies_folder().exists()

    def test_makes_the_first_copy_of_a_host_that_has_none(self, host: Host, settings: Settings, tmp_path: Path) -> None:
        """Two hosts with folders of their own: what one has applied says nothing of the other."""
        save_zebra()
        host.turn()
        settings.VAR_DIR = tmp_path / "two"
        settings.VAR_DIR.mkdir()
        other = Host()
        other.turn()
        assert (other.keys("zebra"), other.cursor()) == (["new"], last_change_number())

    def test_makes_the_copy_of_a_release_that_goes_live(self, host: Host) -> None:
        newer = library.rebuild(now=NOON + timedelta(minutes=1))
        remove_copies()
        host.turn()
        assert host.copy().name.startswith(newer.key)
        assert host.cursor() == last_change_number()

    def test_goes_back_with_a_roll_back(self, host: Host) -> None:
        library.rebuild(now=NOON + timedelta(minutes=1))
        host.turn()
        roll_back("search_index", decided_by="tom", why="worse", now=NOON + timedelta(minutes=2))
        save_zebra()
        host.turn()
        assert host.keys("zebra") == ["new"]

    @pytest.mark.parametrize("damage", ["marked", "removed"])
    def test_makes_a_copy_anew_that_somebody_found_damaged(self, host: Host, damage: str) -> None:
        save_zebra()
        host.turn()
        if damage == "marked":
            flip(next(host.copy().rglob("*.term")))
            assert folders.mark_broken(host.copy(), "x.term is not what was written")
        else:
            remove_copies()
        host.turn()
        assert (damage_of(host.copy(), anew=True), host.keys("zebra")) == ("", ["new"])

    def test_finds_damage_by_itself_that_no_stat_shows(self, host: Host) -> None:
        """The schedule looks on one host; each follower reads all files of its own every ten minutes."""
        flip_unnoticed(next(host.copy().rglob("*.term")))
        host.turn(later=599)
        assert damage_of(host.copy(), anew=True)
        host.turn(later=1)
        assert (damage_of(host.copy(), anew=True), folders.damages_count()) == ("", 1)

    def test_goes_on_after_its_process_stopped_between_two_batches(
        self, host: Host, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(applying, "BATCH", 2)
        before = host.cursor()
        save_books([a_book(f"zebra-{number}", series=None) for number in range(5)], now=NOON)
        host.stopping = True
        with pytest.raises(FollowingStoppedError):
            host.turn()
        assert host.cursor() == before + 2
        host.stopping = False
        host.turn()
        assert (host.cursor(), len(host.keys("zebra"))) == (before + 5, 5)

    def test_leaves_a_copy_that_another_process_writes_and_looks_again(self, host: Host) -> None:
        save_zebra()
        before = host.cursor()
        with folders.only_writer():
            assert not host.turn()
            assert host.cursor() == before
        assert host.turn()
        assert host.keys("zebra") == ["new"]


class TestALiveReleaseThatCannotBeCopied:
    @pytest.fixture
    def corrupt(self, live_index_row: ReleaseRow, var_dir: Path) -> Path:
        """Its sealed files are damaged, and there is no working copy."""
        remove_copies()
        sealed = sealed_folder(var_dir, live_index_row.key)
        change_a_byte(sealed, ".term")
        return sealed

    def test_is_said_every_time(self, corrupt: Path) -> None:
        host = Host()
        for _ in range(2):
            with pytest.raises(ArtifactCorruptError, match="its SHA-256 differs"):
                host.turn()

    def test_is_stood_in_for_and_tried_again_a_minute_later(self, live_index_row: ReleaseRow, var_dir: Path) -> None:
        newer = library.rebuild(now=NOON + timedelta(minutes=1))
        remove_copies()
        sealed = sealed_folder(var_dir, newer.key)
        damaged = next(sealed.rglob("*.term"))
        right = damaged.read_bytes()
        change_a_byte(sealed, ".term")
        host = Host()
        host.turn()
        assert [path.name.rpartition("-")[0] for path in folders.copies_folder().iterdir() if path.is_dir()] == [
            live_index_row.key
        ]
        damaged.write_bytes(right)
        host.turn(later=59)
        assert not host.copy().exists()
        host.turn(later=1)
        assert host.cursor() == last_change_number()

    def test_of_another_version_queues_one_new_index(
        self, full_library: None, quick_gate: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as version:
            version.setattr(lexicon, "TOKENS_VERSION", TOKENS_VERSION - 1)
            library.rebuild()
        host = Host()
        Job.objects.all().delete()
        for later in (0.0, 0.2, 60.0):
            host.turn(later=later)
        assert [job.name for job in Job.objects.all()] == ["search.rebuild"]
