"""What is answered when the index cannot be: never nothing, never an error."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from apps.releases.selectors.listing import ReleaseRow
from apps.search.engines.embedded.folders import copies_folder, open_engine
from apps.search.engines.embedded.publication import publish, published
from apps.search.engines.embedded.reader import EmbeddedEngine
from apps.search.engines.protocol import IndexBrokenError
from apps.search.services.applying import apply_changes
from apps.search.services.suggesting import suggest
from apps.search.serving import indexes
from epicml.audience.bands import AgeBand
from tests.apps.search.damages import break_copies, change_a_byte, remove_copies
from tests.apps.search.library import NOON
from tests.apps.search.searching import found, keys, of_index, searched, suggested


def lose_everything(var_dir: Path) -> None:
    remove_copies()
    shutil.rmtree(var_dir / "artifacts")


def corrupt_everything(var_dir: Path) -> None:
    break_copies()
    change_a_byte(var_dir / "artifacts", ".term")


def corrupt_the_words(var_dir: Path) -> None:
    for folder in (var_dir / "search", var_dir / "artifacts"):
        change_a_byte(folder, "lexicon.npz")


def assert_answered_from_the_database() -> None:
    answer = searched("harry")
    assert (answer.fallback, answer.release) == ("index_unavailable", None)
    assert keys(answer) == ["potter1", "potter3", "potter2", "potter1-de"]
    typed = suggest("harr", limit=3, age_band=AgeBand.ADULT, now=NOON)
    assert (typed.fallback, typed.release) == ("index_unavailable", None)
    assert [suggestion.key for suggestion in typed.suggestions][:3] == ["potter1", "potter3", "potter2"]


@pytest.mark.parametrize("damage", [lose_everything, corrupt_everything, corrupt_the_words])
class TestFallback:
    def test_answers_a_process_that_starts_with_damaged_files(
        self, live_index_row: ReleaseRow, var_dir: Path, damage: Callable[[Path], None]
    ) -> None:
        damage(var_dir)
        assert_answered_from_the_database()

    def test_answers_when_the_files_are_mended(
        self, live_index_row: ReleaseRow, var_dir: Path, damage: Callable[[Path], None]
    ) -> None:
        shutil.copytree(var_dir / "artifacts", var_dir / "sound")
        damage(var_dir)
        assert_answered_from_the_database()
        shutil.rmtree(var_dir / "artifacts", ignore_errors=True)
        (var_dir / "sound").rename(var_dir / "artifacts")
        remove_copies()
        apply_changes()
        answer = suggest("harr", limit=3, age_band=AgeBand.ADULT, now=NOON + timedelta(minutes=1))
        assert (answer.fallback, answer.release) == (None, live_index_row.key)


class TestAnIndexThatBreaksWhileItAnswers:
    def test_is_left_in_the_middle_of_a_search(self, live_index_row: ReleaseRow, var_dir: Path) -> None:
        self.damage(var_dir, lambda engine: found(of_index(engine), "harry"))
        assert indexes.current(NOON) is not None
        answer = searched("harry")
        assert (answer.fallback, keys(answer)[0]) == ("index_unavailable", "potter1")
        assert_answered_from_the_database()

    def test_is_left_in_the_middle_of_a_suggestion(self, live_index_row: ReleaseRow, var_dir: Path) -> None:
        self.damage(var_dir, lambda engine: suggested(of_index(engine), "harr"))
        assert indexes.current(NOON) is not None
        answer = suggest("harr", limit=3, age_band=AgeBand.ADULT, now=NOON)
        assert (answer.fallback, answer.suggestions[0].key) == ("index_unavailable", "potter1")
        assert_answered_from_the_database()

    def damage(self, var_dir: Path, ask: Callable[[EmbeddedEngine], object]) -> None:
        """The sealed files are gone, and the working copy opens but fails when this is asked."""
        shutil.rmtree(var_dir / "artifacts")
        path = next(copies_folder().rglob("*.term"))
        folder, sound = path.parent.parent, path.read_bytes()
        size = len(sound) // 40
        for start in range(0, len(sound), size):
            path.unlink()
            path.write_bytes(sound[:start] + b"\xff" * size + sound[start + size :])
            publish(folder, cursor=published(folder).cursor, last_change="", known={})  # as it was written, so to speak
            with suppress(IndexBrokenError):
                engine = open_engine(folder)
                try:
                    ask(engine)
                except IndexBrokenError:
                    return
        pytest.fail("No damage was found that shows only when the index is asked.")

    def test_is_made_anew_by_the_next_catching_up(self, live_index_row: ReleaseRow, var_dir: Path) -> None:
        shutil.copytree(var_dir / "artifacts", var_dir / "sound")
        self.damage(var_dir, lambda engine: found(of_index(engine), "harry"))
        assert indexes.current(NOON) is not None
        for _ in range(2):  # files that were only read wrongly would be sound the second time
            assert searched("harry").fallback == "index_unavailable"
        (var_dir / "sound").rename(var_dir / "artifacts")

        applied = apply_changes()

        assert applied is not None
        assert applied.remade
        later = NOON + timedelta(minutes=1)
        answer = suggest("harr", limit=3, age_band=AgeBand.ADULT, now=later)
        assert (answer.fallback, answer.release) == (None, live_index_row.key)
