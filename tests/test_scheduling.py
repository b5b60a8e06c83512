"""The order in which two processes are given the tests."""

from pathlib import Path

from tests.scheduling import LONGEST, TOGETHER, unit_of

PROJECT = Path(__file__).resolve().parents[1]


class TestLongest:
    def test_are_there(self) -> None:
        """One that was renamed would be given out late, and nobody would notice."""
        assert [name for name in (*LONGEST, *TOGETHER) if not (PROJECT / name).exists()] == []

    def test_of_a_folder_that_shares_a_server_are_given_to_one_process(self) -> None:
        files = [str(path.relative_to(PROJECT)) for path in (PROJECT / "tests/browser").glob("test_*.py")]
        assert len(files) > 1
        assert {unit_of(file) for file in files} == {"tests/browser"}
        assert unit_of("tests/browser_of_files/test_a.py") == "tests/browser_of_files/test_a.py"
