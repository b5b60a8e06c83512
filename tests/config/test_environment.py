"""A wrong value of the environment stops the start with one sentence that names it."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from secrets import token_hex, token_urlsafe

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


class TestUrl:
    @pytest.mark.parametrize("address", ["redis://h:port/0", "redis://h:99999/0", "redis://[::1/0"])
    def test_that_cannot_be_read_is_refused_by_its_name(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        monkeypatch.setenv("REDIS_URL", address)
        with pytest.raises(ImproperlyConfigured, match=r"^REDIS_URL cannot be read"):
            environment.url("REDIS_URL", ("redis", "rediss", "unix"))

    def test_of_a_redis_names_its_database_by_a_number(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The client takes 0 for a name, without a word."""
        monkeypatch.setenv("REDIS_URL", "redis://:a-secret-word@h/books")
        with pytest.raises(ImproperlyConfigured, match=r"^REDIS_URL must name its database by a number") as refused:
            environment.url("REDIS_URL", ("redis", "rediss", "unix"))
        assert "a-secret-word" not in str(refused.value)

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
    @pytest.mark.parametrize("value", ["-1", "11", "1.5", "many", "٣", "9" * 5000])
    def test_refuses_what_is_out_of_range(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        monkeypatch.setenv("NUM_PROXIES", value)
        with pytest.raises(ImproperlyConfigured, match=r"^NUM_PROXIES must be a whole number from 0 to 10, not"):
            environment.number("NUM_PROXIES", 0, low=0, high=10)


GOOD = "4fb2c1d90ae7538612bfec47a95d0e3f8b61c2d7e94f5a03"


class TestSecretKey:
    @pytest.fixture(autouse=True)
    def unset(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SECRET_KEY", raising=False)

    def test_processes_that_start_together_read_one_key(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(16) as threads:
            keys = set(threads.map(partial(environment.secret_key, may_make=True), [tmp_path] * 64))
        assert len(keys) == 1
        assert len(keys.pop()) >= 50
        assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
        assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0

    def test_a_worker_never_makes_one(self, tmp_path: Path) -> None:
        with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY is not set, and .* start by manage\.py serve\.$"):
            environment.secret_key(tmp_path, may_make=False)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "value",
        [
            "x",
            "#1",
            "x" * 64,
            "ab" * 32,
            "0123456789abcdef0123456789abcde",  # 31 characters
            "django-insecure-4fb2c1d90ae7538612bfec47a95d0e3f",
            "please-change-me-4fb2c1d90ae7538612bfec47a95d0e3f",
        ],
    )
    def test_one_that_can_be_guessed_is_refused_and_not_repeated(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
    ) -> None:
        monkeypatch.setenv("SECRET_KEY", value)
        with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY can be guessed") as refused:
            environment.secret_key(tmp_path, may_make=True)
        assert repr(value) not in str(refused.value)
        assert len(value) < 9 or value not in str(refused.value)

    @pytest.mark.parametrize("value", [GOOD, token_urlsafe(32), token_hex(32)], ids=["good", "url-safe", "hexadecimal"])
    def test_one_of_a_generator_is_taken(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str) -> None:
        monkeypatch.setenv("SECRET_KEY", value)
        assert environment.secret_key(tmp_path, may_make=False) == value

    @pytest.mark.parametrize("content", [b"", b"x", b"\xff\xfe" * 30])
    def test_a_file_that_holds_none_is_named(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "secret_key").write_bytes(content)
        with pytest.raises(ImproperlyConfigured, match=f"^{tmp_path / 'secret_key'}.* can"):
            environment.secret_key(tmp_path, may_make=True)

    def test_former_ones_are_still_good_and_as_strong(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET_KEY_FALLBACKS", f"{GOOD}, {GOOD[::-1]}")
        assert environment.secret_key_fallbacks() == [GOOD, GOOD[::-1]]
        monkeypatch.setenv("SECRET_KEY_FALLBACKS", f"{GOOD},x")
        with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY_FALLBACKS can be guessed"):
            environment.secret_key_fallbacks()


class TestHosts:
    @pytest.mark.parametrize("value", ["localhost,127.0.0.1,[::1]", "library.example", ".library.example", "*"])
    def test_takes_what_a_browser_sends(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        monkeypatch.setenv("ALLOWED_HOSTS", value)
        assert environment.hosts("ALLOWED_HOSTS", "") == value.split(",")

    @pytest.mark.parametrize(
        "value", ["https://library.example", "library.example:8000", "library.example/", "a b", "a;b", "::1", "*.a.b"]
    )
    def test_refuses_what_no_host_is(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        monkeypatch.setenv("ALLOWED_HOSTS", f"localhost,{value}")
        with pytest.raises(ImproperlyConfigured, match=r"^ALLOWED_HOSTS holds"):
            environment.hosts("ALLOWED_HOSTS", "")


class TestOrigins:
    @pytest.mark.parametrize("value", ["https://library.example", "http://localhost:8000", "https://*.library.example"])
    def test_takes_origins(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        monkeypatch.setenv("CSRF_TRUSTED_ORIGINS", value)
        assert environment.origins("CSRF_TRUSTED_ORIGINS") == [value]

    @pytest.mark.parametrize("value", ["library.example", "ftp://a", "https://", "https://a/", "https://a b", "*"])
    def test_refuses_what_is_none(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        monkeypatch.setenv("CSRF_TRUSTED_ORIGINS", value)
        with pytest.raises(ImproperlyConfigured, match=r"^CSRF_TRUSTED_ORIGINS holds"):
            environment.origins("CSRF_TRUSTED_ORIGINS")


class TestVarFolder:
    def test_is_named_in_full_for_children_that_start_elsewhere(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("EPICML_VAR", "deep/var")
        assert environment.var_folder(Path("unused")) == tmp_path / "deep" / "var"
        assert os.environ["EPICML_VAR"] == str(tmp_path / "deep" / "var")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_that_may_only_be_read_is_refused(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        tmp_path.chmod(0o555)
        monkeypatch.setenv("EPICML_VAR", str(tmp_path))
        with pytest.raises(ImproperlyConfigured, match=r"^EPICML_VAR: .* \(it cannot be written\)"):
            environment.var_folder(Path("unused"))

    def test_with_signs_that_mean_something_in_an_address_holds_the_database(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv("DATABASE_URL", raising=False)
        file = tmp_path / "a%20b?c#d" / "epicml.sqlite3"
        assert environment.database(file)["NAME"] == str(file)


class TestWebProcess:
    def test_is_what_its_entry_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("EPICML_ROLE", raising=False)
        assert not environment.web_process()
        monkeypatch.setenv("EPICML_ROLE", "web")
        assert environment.web_process()
        monkeypatch.setenv("EPICML_ROLE", "worker")
        with pytest.raises(ImproperlyConfigured, match=r"^EPICML_ROLE must be web or job, not 'worker'"):
            environment.web_process()


class TestMetricsFolder:
    def test_forgets_parents_that_are_gone(self, tmp_path: Path) -> None:
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        (tmp_path / "metrics" / str(gone.pid)).mkdir(parents=True)
        own = environment.metrics_folder(tmp_path)
        assert [str(path) for path in (tmp_path / "metrics").iterdir()] == [own]


COUNT = """
import resource, signal, sys
from pathlib import Path
from config import environment
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
environment.share_metrics(Path(sys.argv[1]))
from apps.platform.services.metrics import REQUESTS, exposition
REQUESTS.labels("a", "GET", "200").inc()
print('status="200"' in exposition().decode())
"""


class TestShareMetrics:
    def counted(self, folder: Path, most_bytes: int) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
        command = [sys.executable, "-c", COUNT, str(folder), str(most_bytes)]
        return subprocess.run(
            command,
            env={**inherited, "DJANGO_SETTINGS_MODULE": "config.settings"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )

    def test_fills_the_files_so_that_counting_needs_no_room_later(self, tmp_path: Path) -> None:
        assert self.counted(tmp_path, 1 << 24).stdout == "True\n"
        files = list((tmp_path / "metrics").glob("*/*.db"))
        assert sorted(path.name.partition("_")[0] for path in files) == ["counter", "gauge", "histogram"]
        assert all(path.stat().st_blocks * 512 >= path.stat().st_size for path in files)
        assert all(path.stat().st_size > 1 << 17 for path in files if not path.name.startswith("gauge"))

    def test_without_room_it_counts_alone_and_says_so(self, tmp_path: Path) -> None:
        done = self.counted(tmp_path, 0)
        assert done.stdout == "True\n"
        assert "This process counts its requests alone" in done.stderr
        assert not list((tmp_path / "metrics").glob("*/*.db"))


HAND_DOWN = """
import os, subprocess, sys
from config import settings
(settings.VAR_DIR / "secret_key").unlink()
child = subprocess.run(
    [sys.executable, "-c", "from config import settings; print(settings.SECRET_KEY, settings.VAR_DIR)"],
    env={**os.environ, "EPICML_ROLE": "web"}, capture_output=True, text=True, check=True
)
print(child.stdout.strip() == f"{settings.SECRET_KEY} {settings.VAR_DIR}", (settings.VAR_DIR / "secret_key").exists())
"""


class TestStart:
    def test_a_worker_has_the_secret_of_its_parent_whatever_becomes_of_the_file(self, tmp_path: Path) -> None:
        inherited = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
        done = subprocess.run(
            [sys.executable, "-c", HAND_DOWN],
            env={**inherited, "EPICML_VAR": str(tmp_path)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == ["True", "False"]

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
