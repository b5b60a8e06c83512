"""The order in which two processes are given the tests."""

from pathlib import Path

import pytest

from tests.scheduling import LONGEST, ONCE, TOGETHER, runs_once, unit_of

PROJECT = Path(__file__).resolve().parents[1]


class TestNames:
    def test_are_there(self) -> None:
        """One that was renamed would be given out late, or run twice, and nobody would notice."""
        assert [name for name in (*LONGEST, *TOGETHER, *ONCE) if not (PROJECT / name).exists()] == []


class TestTogether:
    def test_of_a_folder_that_shares_a_server_are_given_to_one_process(self) -> None:
        files = [str(path.relative_to(PROJECT)) for path in (PROJECT / "tests/browser").glob("test_*.py")]
        assert len(files) > 1
        assert {unit_of(file) for file in files} == {"tests/browser"}
        assert unit_of("tests/browser_of_files/test_a.py") == "tests/browser_of_files/test_a.py"


class TestOnce:
    """Who is given the tests' database by a fixture or a mark; to all others pytest-django refuses it."""

    @pytest.mark.parametrize(
        ("name", "fixtures", "marks", "once"),
        [
            (f"{ONCE[0]}test_a.py::test_b", ["tmp_path"], ["parametrize"], True),
            (f"{ONCE[0]}test_a.py::test_b", ["tmp_path", "db"], [], False),
            (f"{ONCE[0]}test_a.py::test_b", ["transactional_db"], [], False),
            (f"{ONCE[0]}test_a.py::test_b", [], ["django_db"], False),
            ("tests/apps/catalog/test_a.py::test_b", [], [], False),
        ],
    )
    def test_is_what_asks_for_no_database(self, name: str, fixtures: list[str], marks: list[str], once: bool) -> None:
        assert runs_once(name, fixtures=fixtures, marks=marks) == once
