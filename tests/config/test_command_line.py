"""Each command says in one sentence what a person can put right, and exits with 1."""

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.config.test_environment import manage

GUESSED = "can be guessed: it needs 32 characters, 10 of them different"


def is_a_file(folder: Path) -> Path:
    path = folder / "file"
    path.write_text("no folder")
    return path


def is_below_a_file(folder: Path) -> Path:
    return is_a_file(folder) / "var"


def is_in_a_file_system_without_files(folder: Path) -> Path:
    return Path("/proc/epicml")


def is_too_long(folder: Path) -> Path:
    return folder / ("x" * 300)


def is_not_written_out(folder: Path) -> Path:
    return Path("~/epicml")


def is_two_lines(folder: Path) -> Path:
    return folder / "a\nb"


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr.strip()


class TestVarThatCannotBeUsed:
    @pytest.mark.parametrize(
        "place",
        [
            is_a_file,
            is_below_a_file,
            is_in_a_file_system_without_files,
            is_too_long,
            is_not_written_out,
            is_two_lines,
        ],
    )
    def test_is_named(self, tmp_path: Path, place: Callable[[Path], Path]) -> None:
        said = one_sentence(manage("check", folder=place(tmp_path)))
        assert said.startswith("EPICML_VAR")
        assert "\n" not in said

    @pytest.mark.parametrize("command", ["serve", "runjobs", "migrate", "demo", "relayjobs"])
    def test_stops_every_command(self, tmp_path: Path, command: str) -> None:
        said = one_sentence(manage(command, folder=is_a_file(tmp_path), EPICML_DEMO="1"))
        assert said == (
            f"EPICML_VAR: the folder '{tmp_path}/file' cannot be used (File exists). "
            "Set it to a folder on a disk with room, in which this user may write."
        )


class TestWrongValues:
    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({"SECRET_KEY": "x"}, f"SECRET_KEY {GUESSED}"),
            ({"DATABASE_URL": "postgres://me:pa@ss:word@h:x/books"}, "DATABASE_URL cannot be read"),
            ({"REDIS_URL": "redis://h:6379/first"}, "REDIS_URL must name its database by a number"),
            ({"ALLOWED_HOSTS": "https://library.example"}, "ALLOWED_HOSTS holds 'https://library.example'"),
        ],
    )
    def test_stop_a_command_with_one_sentence(self, tmp_path: Path, values: dict[str, str], said: str) -> None:
        found = one_sentence(manage("check", folder=tmp_path, **values))
        assert found.startswith(said)
        assert "word" not in found

    def test_a_trace_is_there_for_who_asks(self, tmp_path: Path) -> None:
        done = manage("check", "--traceback", folder=tmp_path, SECRET_KEY="x")
        assert done.returncode == 1
        assert "Traceback" in done.stderr


class TestDatabaseThatIsAway:
    def test_that_refuses_is_one_sentence_without_the_password(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        url = f"postgres://me:a-secret-word@127.0.0.1:{port}/books"
        said = one_sentence(manage("create_api_key", "a", "--all-scopes", folder=tmp_path, DATABASE_URL=url))
        assert said.startswith("The database does not answer. OperationalError: ")
        assert said.endswith("Look at the database and at DATABASE_URL.")
        assert "a-secret-word" not in said
        assert "\n" not in said

    def test_without_tables_says_how_to_make_them(self, tmp_path: Path) -> None:
        said = one_sentence(manage("create_api_key", "a", "--all-scopes", folder=tmp_path))
        assert said == "The database lacks tables: run manage.py migrate, and look at DATABASE_URL and EPICML_VAR."

    def test_in_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        said = one_sentence(manage("migrate", folder=tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/gone/a.sqlite3"))
        assert said == f"DATABASE_URL names '{tmp_path}/gone/a.sqlite3', and there is no folder '{tmp_path}/gone'."

    def test_that_is_no_database_is_one_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "a.sqlite3").write_bytes(b"this is no database" * 100)
        said = one_sentence(manage("migrate", folder=tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/a.sqlite3"))
        assert said.startswith("The database does not answer. DatabaseError: file is not a database.")


class TestArgumentThatIsNoText:
    def test_is_named(self, tmp_path: Path) -> None:
        assert manage("migrate", "-v0", folder=tmp_path).returncode == 0
        said = one_sentence(manage("rebuild_search_index", "--why", "J\udcf6rg", folder=tmp_path))
        assert said == "'J\\udcf6rg' is not written in UTF-8: write it anew, or set the terminal's encoding to UTF-8."


class TestFault:
    def test_of_ours_keeps_its_trace(self, tmp_path: Path) -> None:
        done = manage("shell", "-c", "1 / 0", folder=tmp_path)
        assert done.returncode == 1
        assert "ZeroDivisionError" in done.stderr
        assert "Traceback" in done.stderr
