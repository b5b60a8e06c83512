"""What the environment may say, read once at start. A wrong value stops the start with a sentence that names it."""

import contextlib
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

# Measured on 2 cores: WAL with IMMEDIATE transactions had no "database is locked" among four writers, without it 43 %.
SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-20000;"
        "PRAGMA mmap_size=134217728;PRAGMA temp_store=MEMORY;"
        "PRAGMA secure_delete=ON;"  # what is erased leaves the file, and not only the tables
    ),
}


def text(name: str, default: str = "") -> str:
    """The variable's value without surrounding blanks, or the default when unset or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    """1, true, yes, on or 0, false, no, off; anything else is refused."""
    value = text(name).lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    if value:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")
    return default


def number(name: str, default: int, *, low: int, high: int) -> int:
    """A whole number between low and high, both included."""
    value = text(name, str(default))
    if not (value.isascii() and value.isdecimal()) or not low <= int(value) <= high:
        raise ImproperlyConfigured(f"{name} must be a whole number from {low} to {high}, not {value!r}.")
    return int(value)


def url(name: str, schemes: tuple[str, ...]) -> str:
    """A URL of one of the schemes, or "" when unset."""
    value = text(name)
    if value and urlsplit(value).scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must start with {' or '.join(s + '://' for s in schemes)}.")
    return value


def names(name: str, default: str = "") -> list[str]:
    """Comma-separated values."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def database(default_path: Path) -> dict[str, Any]:
    """Django's settings for DATABASE_URL: SQLite in the given file when unset."""
    address = url("DATABASE_URL", ("postgres", "postgresql", "sqlite")) or f"sqlite:///{default_path}"
    settings: dict[str, Any] = dict(dj_database_url.parse(address, conn_max_age=600, conn_health_checks=True))
    if settings["ENGINE"] == "django.db.backends.sqlite3":
        settings["OPTIONS"] = {**SQLITE_OPTIONS, **settings.get("OPTIONS", {})}
        # A file of its own for tests, so that threads and child processes of a test see one database.
        settings["TEST"] = {"NAME": str(default_path.with_name("test.sqlite3"))}
    return settings


def secret_key(folder: Path) -> str:
    """SECRET_KEY, or one made at the first start and kept in the folder, readable by its owner only."""
    given = text("SECRET_KEY")
    if given:
        return given
    path = folder / "secret_key"
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(50))
    return path.read_text().strip()


def metrics_folder(folder: Path) -> str:
    """A folder where the web processes of one parent count together; those of parents that are gone are removed."""
    parent = os.getppid()
    for old in (folder / "metrics").glob("*"):
        if old.name.isdecimal() and int(old.name) != parent and not _runs(int(old.name)):
            shutil.rmtree(old, ignore_errors=True)
    own = folder / "metrics" / str(parent)
    own.mkdir(parents=True, exist_ok=True)
    return str(own)


def _write_once(path: Path, content: str) -> None:
    """Of several processes that start together one wins, and none ever reads half a file."""
    handle, name = tempfile.mkstemp(dir=path.parent)  # readable by its owner only
    with os.fdopen(handle, "w") as file:
        file.write(content)
    with contextlib.suppress(FileExistsError):
        os.link(name, path)
    os.unlink(name)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
