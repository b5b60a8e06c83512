"""psycopg, with connections that do not wait for ever.

The server's own limits do not help where the server hangs, and nor do TCP's: the kernel of a stopped process confirms
every packet for it.
"""

from collections.abc import Callable
from typing import Any

from psycopg import (
    Connection,
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)
from psycopg.errors import _WaitTimeout

__all__ = [
    "BoundedConnection",
    "DataError",
    "DatabaseError",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NoAnswerError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "connect",
]


class NoAnswerError(OperationalError):
    """The server took the question and did not answer in time; the connection is closed."""


class BoundedConnection(Connection[Any]):
    """Waits for each answer for `answer_seconds`; None waits as long as it takes."""

    answer_seconds: float | None = None
    on_silence: Callable[[Exception], None] | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        limit = self.answer_seconds if timeout is None else timeout
        try:
            return super().wait(gen, interval, limit)
        except _WaitTimeout as error:
            self.pgconn.finish()
            silence = NoAnswerError(f"PostgreSQL did not answer within {limit:g} s.")
            if self.on_silence is not None:
                self.on_silence(silence)
            raise silence from error


connect = BoundedConnection.connect
