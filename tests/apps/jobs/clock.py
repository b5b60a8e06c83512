"""A clock that tests move by hand."""

from datetime import datetime, timedelta


class Clock:
    """Answers the same moment until it is moved on."""

    def __init__(self, now: datetime) -> None:
        self.time = now

    def __call__(self) -> datetime:
        return self.time

    def move(self, **step: float) -> datetime:
        """It is so much later: `clock.move(minutes=5)`."""
        self.time += timedelta(**step)
        return self.time
