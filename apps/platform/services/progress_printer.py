"""Print how far a long command is, often enough to be calm and seldom enough to be read."""

from collections.abc import Callable
from dataclasses import dataclass

SECONDS_BETWEEN = 1.0
ReportRows = Callable[[int], object]  # how many rows are done


@dataclass(slots=True)
class ProgressPrinter:
    """Called with a number of rows as often as one likes; writes at most one line a second."""

    write: Callable[[str], object]
    seconds: Callable[[], float]
    _written_at: float | None = None

    def __call__(self, rows: int) -> None:
        """Print that this many rows are done, unless a line was printed within the last second."""
        now = self.seconds()
        if self._written_at is None or now - self._written_at >= SECONDS_BETWEEN:
            self._written_at = now
            self.write(f"  {rows:,} rows …")
