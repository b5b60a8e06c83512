"""Real processes that follow: killed in the middle, and two of them on one machine."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.catalog.selectors.changes import last_change_number
from apps.catalog.services.books import delete_books, save_books
from apps.jobs.models import Job
from apps.releases.selectors.live import live_key
from apps.search.engines.embedded.checking import damage_of
from apps.search.engines.embedded.folders import copy_folder, only_writer, open_engine
from tests.apps.catalog.samples import a_book
from tests.apps.search import library
from tests.apps.search.machines import Machine, stop_all
from tests.apps.search.searching import found, of_index

BOOKS = 4000  # four commits


@pytest.fixture
def folder(transactional_db: None, quick_gate: None, tmp_path: Path, settings: Settings) -> Path:
    """A machine that has followed nothing yet; this process looks into it."""
    library.fill()
    library.rebuild(now=timezone.now())
    settings.VAR_DIR = tmp_path / "machine"
    return Path(settings.VAR_DIR)


@pytest.fixture
def processes(folder: Path) -> Iterator[list[Machine]]:
    """Two that may be started on the same machine."""
    both = [Machine(folder, "") for _ in range(2)]
    yield both
    stop_all(both)


def copy() -> Path:
    live = live_key("search_index")
    assert live is not None
    return copy_folder(*live)


class TestAFollower:
    def test_that_is_killed_while_it_applies_loses_and_doubles_nothing_and_another_takes_over(
        self, processes: list[Machine]
    ) -> None:
        first, second = processes
        first.start(command="runjobs")
        assert first.process is not None
        process = first.process.pid
        first.wait_for(lambda: first.cursor() == last_change_number() and first.follower() == process)
        second.start(command="runjobs")
        before = first.cursor()
        save_books([a_book(f"zebra-{n}", title=f"Zebra {n}", series=None) for n in range(BOOKS)], now=timezone.now())
        delete_books(["matilda"], now=timezone.now())
        Job.objects.all().delete()  # what is applied now is applied by following
        first.wait_for(lambda: first.cursor() > before)
        first.stop(signal.SIGKILL)
        assert second.cursor() < last_change_number()

        second.wait_for(lambda: second.cursor() == last_change_number())
        assert second.process is not None
        assert second.follower() == second.process.pid
        self.assert_each_book_is_there_once()

    def assert_each_book_is_there_once(self) -> None:
        with only_writer():  # it may still be tidying up
            assert damage_of(copy(), anew=True) == ""
        engine = open_engine(copy())
        assert engine.books == len(library.books()) - 1 + BOOKS
        searching = of_index(engine)
        for number in (0, BOOKS // 2, BOOKS - 1):
            assert found(searching, f"zebra {number}")[:1] == [f"zebra-{number}"]
        assert len(found(searching, "zebra")) == BOOKS
        assert found(searching, "matilda") == []
