"""Django's PostgreSQL for processes that answer requests: a server that hangs costs some of them seconds, and no more.

With ANSWER_SECONDS among the settings of the database, a server that did not answer in time, or let nobody in, is left
alone for a moment: requests are then refused at once instead of waiting one after the other.
"""

from typing import Any

from django.db.backends.postgresql import base
from psycopg.errors import ConnectionTimeout

from apps.platform.services.breaker import CircuitBreaker, CircuitOpenError
from config.postgresql import driver

CHECK_SECONDS = 2.0  # to say that a connection kept from the last request still lives
LONGEST_PAUSE_SECONDS = 4.0

# What refuses at once costs nobody anything, and may be right the next moment: too many connections, a restart.
breaker = CircuitBreaker(
    "PostgreSQL",
    longest_pause=LONGEST_PAUSE_SECONDS,
    counts=lambda error: isinstance(error, ConnectionTimeout | driver.NoAnswerError),
)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection of Django, bounded where the settings say so."""

    Database = driver

    @property
    def _answer_seconds(self) -> float | None:
        return self.settings_dict.get("ANSWER_SECONDS")

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if self._answer_seconds is None:
            return super().get_new_connection(conn_params)
        try:
            connection = breaker.call(lambda: super(DatabaseWrapper, self).get_new_connection(conn_params))
        except CircuitOpenError as error:
            raise driver.OperationalError("PostgreSQL did not answer a moment ago and is left alone.") from error
        self._bound(connection, self._answer_seconds)
        return connection

    def is_usable(self) -> bool:
        """Tell whether the connection still lives; one that does not say so soon is taken for dead."""
        if self._answer_seconds is None or self.connection is None:
            return bool(super().is_usable())
        if breaker.open:
            return False
        self._bound(self.connection, CHECK_SECONDS)
        try:
            return bool(super().is_usable())
        finally:
            self._bound(self.connection, self._answer_seconds)

    def _bound(self, connection: driver.BoundedConnection, seconds: float) -> None:
        connection.answer_seconds, connection.on_silence = seconds, breaker.trip
