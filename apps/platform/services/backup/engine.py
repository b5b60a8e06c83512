"""What a backup needs of a database, and the one of this process."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from django.db import DatabaseError, connection

from apps.platform.services.backup.postgresql import PostgresqlEngine
from apps.platform.services.backup.schema import TableSchema
from apps.platform.services.backup.sqlite import SqliteEngine
from apps.platform.services.errors import UnavailableError


class DatabaseFailedError(UnavailableError):
    """The database refused something that a backup or a restore needs."""

    code = "database_failed"


class DatabaseEngine(Protocol):
    """A database whose rows can be read as of one moment, and replaced all or none."""

    name: str

    def size(self) -> int:
        """Return how many bytes the database takes."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Let every read inside see the rows of one moment; nobody waits for it."""
        ...

    def dump(self, table: TableSchema, write: Callable[[bytes], object]) -> int:
        """Write every row as a line; returns how many there were."""
        ...

    def load(self, table: TableSchema, lines: Iterable[bytes]) -> int:
        """Store the lines as rows of the table; returns how many there are now."""
        ...

    def last_id(self, table: TableSchema) -> int:
        """Return the last number that was given out for a row of the table, 0 where none was."""
        ...

    def set_last_id(self, table: TableSchema, last: int) -> None:
        """Give the next row a number above this one and above every row that is there."""
        ...

    def other_connections(self) -> int:
        """Return how many other connections are known to be open; one may stand for several."""
        ...

    def replacing(self, *, keep: Path | None) -> AbstractContextManager[None]:
        """Empty the database for the block, unseen by anybody else; when the block ends well it is the database.

        Where `keep` is given, and only where a database is one file, the one that was there is in that folder.
        """
        ...

    def check(self) -> None:
        """Raise where a foreign key points at no row or the database is not sound."""
        ...


def engine() -> DatabaseEngine:
    """Return the engine of this process's database."""
    return PostgresqlEngine() if connection.vendor == "postgresql" else SqliteEngine()


def database_failed(what: str, error: Exception) -> DatabaseFailedError:
    """Say what the database said in one line, without its details: those quote rows."""
    diagnosis = getattr(error.__cause__ if isinstance(error, DatabaseError) else error, "diag", None)
    message = getattr(diagnosis, "message_primary", None) or str(error).partition("\n")[0]
    return DatabaseFailedError(f"{what}: {message or type(error).__name__}.")
