"""A wrong value of the environment stops the start with one sentence that names it."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "HTTPS": "1",
    "ALLOWED_HOSTS": "library.example",
    "CSRF_TRUSTED_ORIGINS": "https://library.example",
    "SECRET_KEY": "a-key-of-sixty-characters-that-is-only-here-for-the-check-0123456789",
    "NUM_PROXIES": "1",
    "EPICML_DEMO": "0",
}

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


def manage(*arguments: str, folder: Path, **values: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env={**inherited, "EPICML_VAR": str(folder), **values},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


class TestDatabase:
    def test_unset_is_sqlite_in_the_folder(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv("DATABASE_URL", raising=False)
        settings = environment.database(tmp_path / "epicml.sqlite3")
        assert settings["ENGINE"] == "django.db.backends.sqlite3"
        assert settings["NAME"] == str(tmp_path / "epicml.sqlite3")
        assert settings["OPTIONS"]["transaction_mode"] == "IMMEDIATE"

    def test_a_unix_socket_is_an_address(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgres://me@%2Ftmp%2Fpg/books")
        settings = environment.database(tmp_path / "x")
        assert (settings["HOST"], settings["USER"], settings["NAME"]) == ("/tmp/pg", "me", "books")

    @pytest.mark.parametrize("address", ["mysql://a/b", "oracle://a/b", "/var/db.sqlite3", "postgres", "http://a"])
    def test_another_scheme_is_refused(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str) -> None:
        monkeypatch.setenv("DATABASE_URL", address)
        with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL must start with postgres://"):
            environment.database(tmp_path / "x")

    def test_that_is_cut_short_fails_a_statement_and_ends_no_process(self, tmp_path: Path) -> None:
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                CUT_SHORT,
                environment.SQLITE_OPTIONS["init_command"],
                str(tmp_path / "cut.sqlite3"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, "database disk image is malformed\n"), done.stderr


class TestUrl:
    @pytest.mark.parametrize("address", ["http://localhost:6379", "localhost:6379", "memory://"])
    def test_redis_is_refused_by_its_name(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        monkeypatch.setenv("REDIS_URL", address)
        with pytest.raises(ImproperlyConfigured, match=r"^REDIS_URL must start with redis://"):
            environment.url("REDIS_URL", ("redis", "rediss", "unix"))

    def test_blank_is_unset(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REDIS_URL", "  ")
        assert environment.url("REDIS_URL", ("redis",)) == ""


class TestFlag:
    @pytest.mark.parametrize(("value", "read"), [("1", True), ("TRUE", True), ("off", False), ("", True)])
    def test_reads_words(self, monkeypatch: pytest.MonkeyPatch, value: str, read: bool) -> None:
        monkeypatch.setenv("DEBUG", value)
        assert environment.flag("DEBUG", default=True) is read

    def test_refuses_other_words(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DEBUG", "maybe")
        with pytest.raises(ImproperlyConfigured, match=r"^DEBUG must be 1 or 0, not 'maybe'\.$"):
            environment.flag("DEBUG", default=True)


class TestNumber:
    @pytest.mark.parametrize("value", ["-1", "11", "1.5", "many", "٣"])
    def test_refuses_what_is_out_of_range(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        monkeypatch.setenv("NUM_PROXIES", value)
        with pytest.raises(ImproperlyConfigured, match=r"^NUM_PROXIES must be a whole number from 0 to 10, not"):
            environment.number("NUM_PROXIES", 0, low=0, high=10)


class TestSecretKey:
    def test_processes_that_start_together_read_one_key(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv("SECRET_KEY", raising=False)
        with ThreadPoolExecutor(16) as threads:
            keys = set(threads.map(environment.secret_key, [tmp_path] * 64))
        assert len(keys) == 1
        assert len(keys.pop()) >= 50
        assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
        assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


class TestMetricsFolder:
    def test_forgets_parents_that_are_gone(self, tmp_path: Path) -> None:
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        (tmp_path / "metrics" / str(gone.pid)).mkdir(parents=True)
        own = environment.metrics_folder(tmp_path)
        assert [str(path) for path in (tmp_path / "metrics").iterdir()] == [own]


class TestStart:
    def test_elasticsearch_is_refused_while_there_is_no_engine(self, tmp_path: Path) -> None:
        done = manage("check", folder=tmp_path, ELASTICSEARCH_URL="http://localhost:9200")
        assert done.returncode == 1
        assert "ELASTICSEARCH_URL is set, but this version has no Elasticsearch engine yet." in done.stderr

    def test_a_wrong_value_stops_every_command(self, tmp_path: Path) -> None:
        done = manage("check", folder=tmp_path, DATABASE_URL="mysql://a/b")
        assert done.returncode == 1
        assert "DATABASE_URL must start with postgres:// or postgresql:// or sqlite://." in done.stderr

    def test_production_has_no_warnings(self, tmp_path: Path) -> None:
        done = manage("check", "--deploy", "--fail-level", "WARNING", folder=tmp_path, **PRODUCTION)
        assert done.returncode == 0, done.stderr
        assert "no issues" in done.stdout
