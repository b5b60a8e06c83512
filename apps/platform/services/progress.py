"""Saying how far a long command is, often enough to be calm and seldom enough to be read."""

from collections.abc import Callable
from dataclasses import dataclass

SECONDS_BETWEEN = 1.0


@dataclass(slots=True)
class Progress:
    """Called with a number of rows as often as one likes; writes at most one line a second."""

    write: Callable[[str], object]
    seconds: Callable[[], float]
    _said_at: float | None = None

    def __call__(self, rows: int) -> None:
        """The person at the screen knows that this many rows are done."""
        now = self.seconds()
        if self._said_at is None or now - self._said_at >= SECONDS_BETWEEN:
            self._said_at = now
            self.write(f"  {rows:,} rows …")
