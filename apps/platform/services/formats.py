"""How figures, dates and amounts are written for people: the same everywhere, and missing is said, never 0."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite

NARROW_SPACE = "\u202f"  # does not break, so a unit never stands alone on the next line
MINUS = "\u2212"
MISSING = "–"

Number = int | float | Decimal


def _is_missing(value: Number | None) -> bool:
    return value is None or not isfinite(value)


def _signed(text: str) -> str:
    """Write a proper minus, and no minus before what is rounded to zero."""
    if text.startswith("-"):
        return MINUS + text[1:] if text.strip("-0.,") else text[1:]
    return text


def thousands(value: Number | None, digits: int = 0) -> str:
    """Write 21836 as 21,836."""
    if value is None or _is_missing(value):
        return MISSING
    return _signed(f"{value:,.{digits}f}")


def change(value: Number | None, digits: int = 0) -> str:
    """Write a difference with its sign: +3, −988, 0."""
    text = thousands(value, digits)
    return f"+{text}" if value is not None and text not in {MISSING, "0"} and value > 0 else text


def _percent_number(share: Number, digits: int) -> str:
    """Write the number before the sign; all and nothing are written without decimals."""
    value = float(share) * 100
    return _signed(f"{value:,.0f}" if value in {0.0, 100.0} else f"{value:,.{digits}f}")


def percent(share: Number | None, digits: int = 1) -> str:
    """Write a share of 0.041 as 4.1 %."""
    if share is None or _is_missing(share):
        return MISSING
    return f"{_percent_number(share, digits)}{NARROW_SPACE}%"


def percent_change(share: Number | None, digits: int = 1) -> str:
    """Write a relative change of 0.032 as +3.2 %; the plus is for estimates only."""
    if share is None or _is_missing(share):
        return MISSING
    number = _percent_number(share, digits)
    return f"{'+' if float(share) > 0 and number.strip('0.') else ''}{number}{NARROW_SPACE}%"


def percent_range(low: Number | None, high: Number | None, digits: int = 1) -> str:
    """Write the two ends of an interval: 2.3 to 5.9 %."""
    if low is None or high is None or _is_missing(low) or _is_missing(high):
        return MISSING
    return f"{_percent_number(low, digits)} to {_percent_number(high, digits)}{NARROW_SPACE}%"


def score(value: Number | None, digits: int = 4) -> str:
    """Write a ranking measure without its leading zero: .0943."""
    if value is None or _is_missing(value):
        return MISSING
    text = f"{value:.{digits}f}"
    return _signed(text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text)


def day(value: date | None) -> str:
    """Write 21 Nov 2026, in UTC."""
    if value is None:
        return MISSING
    moment = value.astimezone(UTC) if isinstance(value, datetime) else value
    return f"{moment.day} {moment:%b %Y}"


def clock(value: datetime | None) -> str:
    """Write 13:51 UTC."""
    return MISSING if value is None else f"{value.astimezone(UTC):%H:%M} UTC"


def moment(value: datetime | None) -> str:
    """Write 21 Nov 2026, 13:51 UTC."""
    return MISSING if value is None else f"{day(value)}, {clock(value)}"


def clock_range(start: datetime | None, end: datetime | None) -> str:
    """Write 02:00 to 02:06 UTC, with seconds where the two would look alike."""
    if start is None or end is None:
        return clock(start)
    first, last = (f"{value.astimezone(UTC):%H:%M}" for value in (start, end))
    if first == last:
        first, last = (f"{value.astimezone(UTC):%H:%M:%S}" for value in (start, end))
    return f"{first} to {last} UTC"


def age(value: datetime | None, now: datetime) -> str:
    """Write how long ago, in the largest whole unit: 8 s, 14 min, 3 h, 6 days. For freshness, never for a record."""
    if value is None:
        return MISSING
    seconds = max(0, int((now - value).total_seconds()))
    for unit, size in (("day", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if unit == 'day' and count != 1 else ''}"
    return f"{seconds} s"


def duration(seconds: float | None) -> str:
    """Write 0.9 ms, 40 s, 1 min 12 s, 6 min 04 s, 2 h 05 min."""
    if seconds is None or _is_missing(seconds):
        return MISSING
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def size(count: Number | None) -> str:
    """Write bytes in binary units: 512 B, 22.4 MiB, 64 MiB."""
    if count is None or _is_missing(count):
        return MISSING
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024 or unit == "GiB":
            break
        value /= 1024
    return f"{_signed(f'{value:.1f}').removesuffix('.0')} {unit}"


def short_hash(value: str) -> str:
    """Write enough of a SHA-256 to compare by eye: its first 14 and last 4 digits."""
    return value if len(value) <= 20 else f"{value[:14]}…{value[-4:]}"


TERMS = {"item_knn": "item-kNN", "lightfm": "LightFM"}


def term(name: str) -> str:
    """Write a technical name as people do: item_knn as item-kNN, next_in_series as next in series."""
    return TERMS.get(name, name.replace("_", " ").replace("sha256", "SHA-256"))


def counted(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun: 1 warning, 2 warnings."""
    return f"{thousands(count)} {one if count == 1 else many or one + 's'}"


FILTERS: tuple[Callable[..., str], ...] = (
    thousands,
    percent,
    score,
    day,
    moment,
    duration,
    short_hash,
    term,
    counted,
)
