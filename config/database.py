"""Django's settings for DATABASE_URL, and how long each kind of process waits for its database.

A request waits for seconds, for behind it a reader waits, and behind that one others. A job or a command waits as long
as it takes, for a migration or a training that is cut off has to begin again. What the query of DATABASE_URL says wins.
"""

import re
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

# Measured on 2 cores: WAL with IMMEDIATE transactions had no "database is locked" among four writers, without it 43 %.
# No mmap_size: a database file that is cut short would end every process that maps it (SIGBUS); without it a statement
# fails. On 240,000 events reads of what is not in SQLite's own cache are up to 10 % slower by it.
SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-20000;"
        "PRAGMA mmap_size=0;PRAGMA temp_store=MEMORY;"
        "PRAGMA secure_delete=ON;"  # what is erased leaves the file, and not only the tables
    ),
}
WEB_SQLITE_SECONDS = 5

STATEMENT_SECONDS = 5
LOCK_SECONDS = 3
IDLE_SECONDS = 15  # a request that stopped in the middle of its transaction holds its locks no longer
PROJECT = Path(__file__).resolve().parent.parent
SQLITE_PARAMETERS = {"timeout", "transaction_mode", "init_command", "cached_statements"}
DJANGO_PARAMETERS = {"isolation_level", "assume_role", "server_side_binding"}
NUMBERS = {"timeout", "cached_statements", "connect_timeout", "keepalives_idle", "tcp_user_timeout"}

# The server says first that a statement took too long, and why; only one that hangs is cut off from here.
MARGIN_SECONDS = 2
# TCP: a server that is gone without a word is found out after 19 s by who waits, and after 10 s by who writes.
POSTGRESQL_OPTIONS: dict[str, Any] = {
    "connect_timeout": 3,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_STATEMENT_TIMEOUT = re.compile(r"statement_timeout\s*=\s*'?(\d+)\s*(ms|s|min|h)?")
_UNITS = {"": 0.001, "ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}


def database_settings(address: str, *, default_path: Path, web: bool) -> dict[str, Any]:
    """Return Django's settings for this address: SQLite in the given file when it is empty.

    Raises:
        ImproperlyConfigured: the address cannot be read, or names no database.
    """
    try:
        parsed = dj_database_url.parse(address or "sqlite://", conn_max_age=600, conn_health_checks=True)
    except ValueError:
        sentence = (
            "DATABASE_URL cannot be read: write postgres://USER:PASSWORD@HOST:PORT/NAME, and %40 for an @ in a part."
        )
        raise ImproperlyConfigured(sentence) from None  # what is below may hold the password
    settings: dict[str, Any] = dict(parsed)
    if settings["ENGINE"] == "django.db.backends.sqlite3":
        # In an address a % or a ? would mean something; and a request answers 503 while the folder is away.
        settings["NAME"] = _file(settings["NAME"], must_be_there=not web) if address else str(default_path)
        return _sqlite(settings, default_path, web=web)
    return _postgresql(settings, web=web)


def _file(name: str, *, must_be_there: bool) -> str:
    """Return the file in full, as children start in another folder; without one each process has its own database."""
    file = PROJECT / name
    if not name or name == ":memory:":
        raise ImproperlyConfigured("DATABASE_URL names no file: write sqlite:////FOLDER/FILE, or unset it.")
    if must_be_there and not file.parent.is_dir():
        raise ImproperlyConfigured(f"DATABASE_URL names {str(file)!r}, and there is no folder {str(file.parent)!r}.")
    if must_be_there and file.is_dir():
        raise ImproperlyConfigured(f"DATABASE_URL names {str(file)!r}, which is a folder: write the file too.")
    return str(file)


def _refuse_unknown(options: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(set(options) - known)
    if unknown:
        raise ImproperlyConfigured(f"DATABASE_URL has a parameter that this database does not know: {unknown[0]}.")
    for name in NUMBERS & set(options):
        if not str(options[name]).isdecimal():
            raise ImproperlyConfigured(f"DATABASE_URL: {name} must be a whole number, not {options[name]!r}.")


def _sqlite(settings: dict[str, Any], default_path: Path, *, web: bool) -> dict[str, Any]:
    _refuse_unknown(settings.get("OPTIONS", {}), SQLITE_PARAMETERS)
    engine = {"ENGINE": "config.sqlite"} if web else {}
    patience = {"timeout": WEB_SQLITE_SECONDS} if web else {}
    # A file of its own for tests, so that threads and child processes of a test see one database.
    test = {"NAME": str(default_path.with_name("test.sqlite3"))}
    return {
        **settings,
        **engine,
        "OPTIONS": {**SQLITE_OPTIONS, **patience, **settings.get("OPTIONS", {})},
        "TEST": test,
    }


def _postgresql(settings: dict[str, Any], *, web: bool) -> dict[str, Any]:
    from psycopg.pq import Conninfo  # here: one machine has no use for libpq

    if not settings["NAME"]:
        raise ImproperlyConfigured("DATABASE_URL names no database: write its name after the last slash.")
    given = settings.get("OPTIONS", {})
    _refuse_unknown(given, {option.keyword.decode() for option in Conninfo.get_defaults()} | DJANGO_PARAMETERS)
    bounded: dict[str, Any] = {**settings, "ENGINE": "config.postgresql", "OPTIONS": {**POSTGRESQL_OPTIONS, **given}}
    if web:
        given_options = str(given.get("options", ""))
        bounded["OPTIONS"]["options"] = (
            f"{_server_limits()} {given_options}".strip()
        )  # of two the server takes the last
        # What the address says of statements, and the margin; 0 is no limit.
        found = _STATEMENT_TIMEOUT.findall(given_options)
        seconds = int(found[-1][0]) * _UNITS[found[-1][1]] if found else STATEMENT_SECONDS
        bounded["ANSWER_SECONDS"] = seconds + MARGIN_SECONDS if seconds else None
    return bounded


def _server_limits() -> str:
    limits = {
        "statement_timeout": STATEMENT_SECONDS,
        "lock_timeout": LOCK_SECONDS,
        "idle_in_transaction_session_timeout": IDLE_SECONDS,
    }
    return " ".join(f"-c {name}={seconds * 1000}" for name, seconds in limits.items())
