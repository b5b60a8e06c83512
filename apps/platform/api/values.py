"""Read one value that a client sent: each function returns it in its type, or raises with the reason in a sentence."""

import math
import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from epicml.audience.bands import CODES, AgeBand

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
# C0 and C1 control characters and halves of surrogate pairs: no name or title has them, and databases refuse some.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
_ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)", re.ASCII | re.IGNORECASE)


class WrongValueError(ValueError):
    """Why a value cannot be read; the sentence is for the person who sent it."""


def text(value: Any, *, least: int, most: int, pattern: re.Pattern[str] | None = None, exact: bool = False) -> str:
    """Read text without control characters, and cut off blanks around it, but of exact text and of a form."""
    if not isinstance(value, str):
        raise WrongValueError("This must be text.")
    if CONTROL.search(value):
        raise WrongValueError("Control characters are not allowed.")
    stripped = value.strip()
    if len(stripped) < least:
        raise WrongValueError("This may not be empty." if least == 1 else f"At least {least} characters are needed.")
    if len(value) > most:
        raise WrongValueError(f"At most {most} characters are allowed, not {len(value)}.")
    if exact and stripped != value:
        raise WrongValueError("Blanks around it are not allowed.")
    if pattern is not None and not pattern.fullmatch(value):
        raise WrongValueError(f"This does not have the form {pattern.pattern}.")
    return stripped


def integer(value: Any, *, low: int, high: int, from_query: bool = False) -> int:
    """Read a whole number from low to high; in a query string written in digits."""
    if from_query and isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongValueError("This must be a whole number.")
    if not low <= value <= high:
        raise WrongValueError(f"This must be from {low} to {high}.")
    return value


def number(value: Any, *, low: float, high: float, from_query: bool = False) -> float:
    """Read a finite number from low to high; in a query string written in digits."""
    if from_query and isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = float(value)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and math.isnan(value))
    ):
        raise WrongValueError("This must be a number.")
    if not low <= value <= high:
        raise WrongValueError(f"This must be from {low:g} to {high:g}.")
    return float(value)


def choice(value: Any, *, choices: Collection[str]) -> str:
    """Read one of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise WrongValueError(f"This must be one of {', '.join(choices)}.")
    return value


def moment(value: Any) -> datetime:
    """Read an aware moment in UTC, written in ISO 8601 with its zone."""
    if not isinstance(value, str) or not _ISO_MOMENT.fullmatch(value):
        raise WrongValueError("This must be a moment with its zone, such as 2026-11-24T12:00:00Z.")
    try:
        found = datetime.fromisoformat(value.upper())
    except ValueError as error:
        raise WrongValueError("There is no such moment.") from error
    # Before the change of zone: year 1 and year 9999 have no neighbours to move into.
    if not EARLIEST_YEAR <= found.year < LATEST_YEAR:
        raise WrongValueError(f"The year must be from {EARLIEST_YEAR} to {LATEST_YEAR - 1}.")
    return found.astimezone(UTC)


def age_band(value: Any) -> AgeBand:
    """Read a band by its code, such as 9-11."""
    return AgeBand.from_code(choice(value, choices=CODES.values()))


def items(value: Any, *, most: int) -> list[Any]:
    """Read a list of at most so many items."""
    if not isinstance(value, list):
        raise WrongValueError("This must be a list.")
    if len(value) > most:
        raise WrongValueError(f"At most {most} are allowed, not {len(value)}.")
    return value
