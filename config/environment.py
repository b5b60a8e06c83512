"""What the environment may say, read once at start. A wrong value stops the start with a sentence that names it."""

import contextlib
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.database import database_settings

ROLE = "EPICML_ROLE"
WEB = "web"


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


def web_process() -> bool:
    """Whether this process answers requests: its entry (config/wsgi.py) says so; all else is a job or a command."""
    return text(ROLE) == WEB


def database(default_path: Path) -> dict[str, Any]:
    """Django's settings for DATABASE_URL: SQLite in the given file when unset."""
    address = url("DATABASE_URL", ("postgres", "postgresql", "sqlite"))
    return database_settings(address, default_path=default_path, web=web_process())


def cache(address: str, *, seconds: float) -> dict[str, Any]:
    """Django's settings for the cache on this Redis, or in the process without one.

    A query of the address (`?socket_timeout=1`) wins over `seconds`.
    """
    if not address:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    limits = {"socket_connect_timeout": seconds, "socket_timeout": seconds}
    return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": address, "OPTIONS": limits}


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
