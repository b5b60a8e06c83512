"""What the environment may say, read once at start. A wrong value stops the start with a sentence that names it."""

import contextlib
import logging
import os
import re
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.artifacts import checked_endpoint
from config.database import database_settings

ROLE = "EPICML_ROLE"
WEB, JOB = "web", "job"

METRICS = "PROMETHEUS_MULTIPROC_DIR"
# By the kind of metric, as prometheus_client names its files. A route takes about 3 kB of the second.
METRICS_BYTES = {"counter": 1 << 18, "gauge_livesum": 1 << 12, "histogram": 1 << 20}

ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
LONGEST_NUMBER = 12  # digits
SHORTEST_SECRET = 32
FEWEST_CHARACTERS = 10
EXAMPLE_SECRETS = ("django-insecure", "changeme", "change-me", "change_me", "your-secret", "your_secret")
_HOST = re.compile(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
_ORIGIN = re.compile(r"https?://(\*\.)?([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")

logger = logging.getLogger(__name__)


class FolderError(ImproperlyConfigured):
    """A folder below EPICML_VAR cannot be used."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(
            f"EPICML_VAR: the folder {str(folder)!r} cannot be used ({why}). "
            "Set it to a folder on a disk with room, in which this user may write."
        )


def text(name: str, default: str = "") -> str:
    """Return the variable's value without surrounding blanks, or the default when unset or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    """Read 1, true, yes, on or 0, false, no, off; refuse anything else."""
    value = text(name).lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    if value:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")
    return default


def number(name: str, default: int, *, low: int, high: int) -> int:
    """Read a whole number between low and high, both included."""
    value = text(name, str(default))
    is_number = value.isascii() and value.isdecimal() and len(value) <= LONGEST_NUMBER
    if not is_number or not low <= int(value) <= high:
        raise ImproperlyConfigured(f"{name} must be a whole number from {low} to {high}, not {value[:40]!r}.")
    return int(value)


def url(name: str, schemes: tuple[str, ...]) -> str:
    """Read a URL of one of the schemes, or "" when unset. It may hold a password, so no sentence repeats it."""
    value = text(name)
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} cannot be read: its port is a number, and an IPv6 host is in [ ]."
        ) from None
    if parts.scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must start with {' or '.join(s + '://' for s in schemes)}.")
    if parts.scheme in {"redis", "rediss"} and not (parts.path.strip("/") or "0").isdecimal():
        raise ImproperlyConfigured(f"{name} must name its database by a number, as in redis://HOST:6379/0.")
    return value


def names(name: str, default: str = "") -> list[str]:
    """Read comma-separated values."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def hosts(name: str, default: str) -> list[str]:
    """Read host names as a browser sends them, without scheme, port and path; .example.org stands for all below it."""
    given = names(name, default)
    for host in given:
        if not _HOST.fullmatch(host):
            raise ImproperlyConfigured(f"{name} holds {host!r}: write the host alone, such as library.example.")
    return given


def origins(name: str) -> list[str]:
    """Read origins as a browser sends them: scheme, host and port."""
    given = names(name)
    for origin in given:
        if not _ORIGIN.fullmatch(origin):
            raise ImproperlyConfigured(f"{name} holds {origin!r}: write an origin, such as https://library.example.")
    return given


def var_folder(default: Path) -> Path:
    """Return EPICML_VAR as a folder that is there and can be written, in full: children start in another folder."""
    value = text("EPICML_VAR", str(default))
    if value.startswith("~") or not value.isprintable():
        raise ImproperlyConfigured(f"EPICML_VAR is {value!r}: write the path of a folder in full.")
    folder = made_folder(Path(value).absolute())
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FolderError(folder, "it cannot be written")
    os.environ["EPICML_VAR"] = str(folder)
    return folder


def made_folder(folder: Path) -> Path:
    """Make the folder where it is not there yet."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(folder, os.strerror(error.errno or 0)) from error
    return folder


def web_process() -> bool:
    """Tell whether this process answers requests, as its entry (config/wsgi.py) says; all else runs jobs."""
    role = text(ROLE, JOB)
    if role not in {WEB, JOB}:
        raise ImproperlyConfigured(f"{ROLE} must be {WEB} or {JOB}, not {role!r}; config/wsgi.py sets it.")
    return role == WEB


def database(default_path: Path) -> dict[str, Any]:
    """Return Django's settings for DATABASE_URL: SQLite in the given file when unset."""
    address = url("DATABASE_URL", ("postgres", "postgresql", "sqlite"))
    return database_settings(address, default_path=default_path, web=web_process())


def artifacts_address() -> str:
    """Read ARTIFACTS_URL, or "" when unset. The client reads its server's address from the environment by itself."""
    address = url("ARTIFACTS_URL", ("s3", "file"))
    for name in ENDPOINTS if address.startswith("s3:") else ():
        if text(name):
            checked_endpoint(name, text(name))
    return address


def cache(address: str, *, seconds: float) -> dict[str, Any]:
    """Return Django's settings for the cache on this Redis, or in the process without one.

    A query of the address (`?socket_timeout=1`) wins over `seconds`.
    """
    if not address:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    limits = {"socket_connect_timeout": seconds, "socket_timeout": seconds}
    return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": address, "OPTIONS": limits}


def secret_key(folder: Path, *, may_make: bool) -> str:
    """Return SECRET_KEY, or one made at the first start and kept in the folder, readable by its owner only.

    Who starts the others makes it and hands it down. A worker that found none and made one would log everybody out.
    """
    given = text("SECRET_KEY")
    if given:
        return checked_secret("SECRET_KEY", given)
    path = folder / "secret_key"
    try:
        if not path.exists() and may_make:
            _write_once(path, secrets.token_urlsafe(50).encode())
        return checked_secret(str(path), path.read_text().strip())
    except FileNotFoundError as error:
        raise ImproperlyConfigured(
            f"SECRET_KEY is not set, and {path} is not there: start by manage.py serve."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ImproperlyConfigured(
            f"{path}, in EPICML_VAR, cannot be used ({why}): make room, give this user the file, or set SECRET_KEY."
        ) from error


def secret_key_file(folder: Path, key: str) -> Path | None:
    """Return the file that keeps this key; None where the environment alone does."""
    path = folder / "secret_key"
    try:
        return path if path.read_text().strip() == key else None
    except (OSError, UnicodeDecodeError):
        return None


def secret_key_fallbacks() -> list[str]:
    """Read SECRET_KEY_FALLBACKS: former keys, by commas, whose sessions and links are still good."""
    return [checked_secret("SECRET_KEY_FALLBACKS", key) for key in names("SECRET_KEY_FALLBACKS")]


def checked_secret(name: str, value: str) -> str:
    """Return the key; refuse one that can be guessed, as far as one can see: who guesses it logs in as anybody."""
    is_example = any(word in value.lower() for word in EXAMPLE_SECRETS)
    if len(value) < SHORTEST_SECRET or len(set(value)) < FEWEST_CHARACTERS or is_example:
        raise ImproperlyConfigured(
            f"{name} can be guessed: it needs {SHORTEST_SECRET} characters, {FEWEST_CHARACTERS} of them different, and "
            "must be no example. Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    return value


def metrics_folder(folder: Path) -> str:
    """Make a folder where the web processes of one parent count together, and remove those of parents that are gone."""
    parent = os.getppid()
    for old in (folder / "metrics").glob("*"):
        if old.name.isdecimal() and int(old.name) != parent and not _runs(int(old.name)):
            shutil.rmtree(old, ignore_errors=True)
    return str(made_folder(folder / "metrics" / str(parent)))


def share_metrics(folder: Path) -> None:
    """Count with the other processes of the parent; where there is no room for that, alone, and the log says so.

    To be called before anything imports prometheus_client, which looks once. The files are filled before it opens them,
    so that counting needs no room on a disk that is full later.
    """
    try:
        shared = text(METRICS) or metrics_folder(folder)
        for kind, size in METRICS_BYTES.items():
            path = Path(shared) / f"{kind}_{os.getpid()}.db"
            if not path.exists():
                _write_once(path, bytes(size))
    except (OSError, FolderError) as error:
        os.environ.pop(METRICS, None)
        logger.warning("This process counts its requests alone, and /metrics has only them: %s", error)
    else:
        os.environ[METRICS] = shared


def _write_once(path: Path, content: bytes) -> None:
    """Write the file once: of several processes that start together one wins, and none ever reads half a file."""
    handle, name = tempfile.mkstemp(dir=path.parent)  # readable by its owner only
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
