import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.database import PROJECT, SQLITE_OPTIONS, database_settings

FILE = Path("/srv/var/epicml.sqlite3")


def of(address: str, *, web: bool = True) -> dict[str, object]:
    return database_settings(address, default_path=FILE, web=web)


# 64 MB, more than SQLite keeps of it, are read by a process while the file is cut to its first page.
CUT_SHORT = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[2])
database.executescript(sys.argv[1])
database.execute("CREATE TABLE t (b)")
database.executemany("INSERT INTO t VALUES (zeroblob(65536))", [()] * 1000)
database.commit()
database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
database.execute("SELECT b FROM t LIMIT 1").fetchone()
os.truncate(sys.argv[2], 4096)
try:
    database.execute("SELECT sum(length(hex(b))) FROM t").fetchone()
except sqlite3.DatabaseError as error:
    print(error)
"""


class TestSqlite:
    @pytest.mark.parametrize(("web", "seconds"), [(True, 5), (False, 20)])
    def test_a_request_waits_for_a_lock_for_a_shorter_time_than_a_job(self, web: bool, seconds: int) -> None:
        options = of("", web=web)["OPTIONS"]
        assert isinstance(options, dict)
        assert options["timeout"] == seconds

    def test_what_the_address_says_wins(self) -> None:
        options = of("sqlite:////srv/a.sqlite3?timeout=9")["OPTIONS"]
        assert isinstance(options, dict)
        assert options["timeout"] == 9

    def test_a_file_is_named_in_full(self) -> None:
        assert of("sqlite:///data/a.sqlite3")["NAME"] == str(PROJECT / "data" / "a.sqlite3")
        assert of("sqlite:////srv/a%20b.sqlite3")["NAME"] == "/srv/a b.sqlite3"

    @pytest.mark.parametrize("address", ["sqlite://", "sqlite:///", "sqlite://:memory:", "sqlite:///:memory:"])
    def test_a_database_of_each_process_alone_is_refused(self, address: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL names no file"):
            of(address)

    def test_a_folder_that_is_away_stops_a_command_and_not_a_web_process(self, tmp_path: Path) -> None:
        """A request answers 503 then, and the next one 200 when the folder is back."""
        address = f"sqlite:///{tmp_path}/gone/a.sqlite3"
        assert of(address, web=True)["NAME"] == f"{tmp_path}/gone/a.sqlite3"
        with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL names .*, and there is no folder"):
            of(address, web=False)
        with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL names .*, which is a folder"):
            of(f"sqlite:///{tmp_path}", web=False)


class TestPostgresql:
    def test_what_the_address_says_wins(self) -> None:
        given = of("postgres://h/books?connect_timeout=9&tcp_user_timeout=1&sslmode=require")["OPTIONS"]
        assert isinstance(given, dict)
        assert (given["connect_timeout"], given["tcp_user_timeout"], given["sslmode"]) == (9, 1, "require")
        assert given["keepalives"] == 1

    @pytest.mark.parametrize(
        ("query", "seconds"),
        [
            ("", 7),
            ("?options=-c%20statement_timeout%3D30000", 32),
            ("?options=-c%20statement_timeout%3D30s", 32),
            ("?options=-c%20statement_timeout%3D1min", 62),
            ("?options=-c%20statement_timeout%3D0", None),
            ("?options=-c%20work_mem%3D8MB", 7),
        ],
    )
    def test_an_answer_may_take_what_a_statement_may_and_two_seconds(self, query: str, seconds: float | None) -> None:
        assert of(f"postgres://h/books{query}")["ANSWER_SECONDS"] == seconds
        assert "ANSWER_SECONDS" not in of(f"postgres://h/books{query}", web=False)

    @pytest.mark.parametrize(
        ("address", "said"),
        [
            ("postgres://h/", "DATABASE_URL names no database"),
            ("postgres://h", "DATABASE_URL names no database"),
            ("postgres://me:secret-word@h:port/books", "DATABASE_URL cannot be read"),
            ("postgres://me:secret-word@h:99999/books", "DATABASE_URL cannot be read"),
            ("postgres://me:secret-word@[h/books", "DATABASE_URL cannot be read"),
            (
                "postgres://h/books?conect_timeout=3",
                "DATABASE_URL has a parameter that this database does not know: con",
            ),
            (
                "postgres://h/books?connect_timeout=soon",
                "DATABASE_URL: connect_timeout must be a whole number, not 'soon'",
            ),
            ("sqlite:////srv/a?foo=1", "DATABASE_URL has a parameter that this database does not know: foo"),
            ("sqlite:////srv/a?timeout=soon", "DATABASE_URL: timeout must be a whole number, not 'soon'"),
        ],
    )
    def test_a_wrong_address_is_one_sentence_without_the_password(self, address: str, said: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=f"^{said}") as refused:
            of(address)
        assert "secret-word" not in str(refused.value)


class TestFileCutShort:
    def test_fails_a_statement_and_ends_no_process(self, tmp_path: Path) -> None:
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                CUT_SHORT,
                SQLITE_OPTIONS["init_command"],
                str(tmp_path / "cut.sqlite3"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, "database disk image is malformed\n"), done.stderr
