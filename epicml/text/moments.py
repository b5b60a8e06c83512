"""Moments as programs and people write them, and what a column of them says of the order of day and month."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum


class DayOrder(Enum):
    """Whether 01/02 is the first of February or the second of January."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


class UnknownMomentError(ValueError):
    """What is given is no moment."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:40]!r} is no date or time in a known form.")


_MONTHS = dict(
    zip(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), range(1, 13), strict=True)
)
_EPOCH = re.compile(r"(\d{9,10})(?:\.\d+)?|(\d{13})|(\d{16})", re.ASCII)
_TIME = r"(?:[,T\s]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?m\.?)?)?"
_ZONE = r"\s*(?:Z|UTC|GMT|(?P<zone>[+-]\d\d:?\d\d))?"
_YEAR_FIRST = re.compile(rf"(?P<y>\d{{4}})[/.\-](?P<m>\d{{1,2}})[/.\-](?P<d>\d{{1,2}}){_TIME}{_ZONE}", re.I | re.A)
_DOTTED = re.compile(rf"(?P<d>\d{{1,2}})\.\s?(?P<m>\d{{1,2}})\.\s?(?P<y>\d{{4}}|\d\d){_TIME}{_ZONE}", re.I | re.A)
_SLASHED = re.compile(rf"(?P<a>\d{{1,2}})[/\-](?P<b>\d{{1,2}})[/\-](?P<y>\d{{4}}|\d\d){_TIME}{_ZONE}", re.I | re.A)
_MONTH_NAMED = re.compile(
    rf"(?:[a-z]{{3,9}},?\s+)?(?P<name>[a-z]{{3,9}})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}}){_TIME}{_ZONE}"
    rf"|(?:[a-z]{{3,9}},?\s+)?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?[\s\-]+(?P<name2>[a-z]{{3,9}})\.?,?[\s\-]+(?P<y2>\d{{4}})",
    re.I | re.A,
)
_OF_C = re.compile(r"[a-z]{3} ([a-z]{3}) +(\d{1,2}) (\d\d:\d\d:\d\d) (?:([+-]\d{4}) |[A-Z]{3,4} )?(\d{4})", re.I | re.A)


@dataclass(slots=True)
class DayOrderExamples:
    """What the dates of a column with slashes say, taken together."""

    day_first: str = ""  # the first date that can only be read so
    month_first: str = ""
    either: str = ""

    def add(self, text: str) -> None:
        """Count this date in."""
        found = _SLASHED.fullmatch(text.strip())
        if found is None:
            return
        first, second = int(found["a"]), int(found["b"])
        if first > 12 >= second:
            self.day_first = self.day_first or text
        elif second > 12 >= first:
            self.month_first = self.month_first or text
        elif first != second:
            self.either = self.either or text

    @property
    def order(self) -> DayOrder | None:
        """The one order in which all of them can be read; None where both can or neither."""
        if bool(self.day_first) == bool(self.month_first):
            return None
        return DayOrder.DAY_FIRST if self.day_first else DayOrder.MONTH_FIRST

    @property
    def undecided(self) -> bool:
        """Whether some date can be read in two ways and no other one tells."""
        return bool(self.either) and self.order is None


def moment_of(text: str, *, order: DayOrder | None = None, pattern: str | None = None) -> datetime:
    """Read the moment that a text names.

    Args:
        text: ISO 8601, seconds, milliseconds or microseconds since 1970, a date with the year first, with points
            (day first), with slashes (as `order` says), or with the month's English name; with a time or without.
        order: of day and month between slashes.
        pattern: the form in the signs of strptime, where somebody states it; then no other is tried.

    Returns:
        An aware moment; in UTC where no zone is named, at midnight where no time is.

    Raises:
        UnknownMomentError: the text has none of these forms, or names a day that no calendar has.

    >>> [str(moment_of(text).date()) for text in ("2024/01/31", "31.01.2024", "Jan 31, 2024", "1706659200000")]
    ['2024-01-31', '2024-01-31', '2024-01-31', '2024-01-31']
    >>> str(moment_of("01/02/2024 2:05 PM", order=DayOrder.DAY_FIRST))
    '2024-02-01 14:05:00+00:00'
    """
    text = text.strip()
    try:
        return _aware(datetime.strptime(text, pattern)) if pattern else _in_known_form(text, order)  # noqa: DTZ007
    except (ValueError, OverflowError, OSError) as error:
        raise UnknownMomentError(text) from error


def _in_known_form(text: str, order: DayOrder | None) -> datetime:
    for read in _READERS:
        if (moment := read(text, order)) is not None:
            return moment
    try:
        return _aware(datetime.fromisoformat(text.removesuffix(" UTC").removesuffix(" GMT")))
    except ValueError:
        if "," not in text:
            raise
        return _aware(parsedate_to_datetime(text))


def _epoch(text: str, _: DayOrder | None) -> datetime | None:
    found = _EPOCH.fullmatch(text)
    if found is None:
        return None
    whole = found[1] or found[2] or found[3]
    since = {10: timedelta(seconds=1), 13: timedelta(milliseconds=1), 16: timedelta(microseconds=1)}
    return datetime(1970, 1, 1, tzinfo=UTC) + int(whole) * since[max(len(whole), 10)]


def _in_one_order(text: str, _: DayOrder | None) -> datetime | None:
    """Read a date with the year first, or with points, where nobody writes the month before the day."""
    for form in (_YEAR_FIRST, _DOTTED):
        if found := form.fullmatch(text):
            return _built(found, found["y"], found["m"], found["d"])
    return None


def _slashed(text: str, order: DayOrder | None) -> datetime | None:
    found = _SLASHED.fullmatch(text)
    if found is None:
        return None
    if order is None and found["a"] != found["b"] and max(int(found["a"]), int(found["b"])) <= 12:
        raise UnknownMomentError(text)
    day_first = order is DayOrder.DAY_FIRST or (order is None and int(found["a"]) > 12)
    month, day = (found["b"], found["a"]) if day_first else (found["a"], found["b"])
    return _built(found, found["y"], month, day)


def _month_named(text: str, _: DayOrder | None) -> datetime | None:
    if found := _OF_C.fullmatch(text):
        month, day, clock, zone, year = found.groups()
        return _aware(datetime.fromisoformat(f"{year}-{_month(month):02}-{int(day):02}T{clock}{zone or ''}"))
    found = _MONTH_NAMED.fullmatch(text)
    if found is None:
        return None
    name, day, year = found["name"] or found["name2"], found["d"] or found["d2"], found["y"] or found["y2"]
    return _built(found, year, str(_month(name)), day)


_READERS: tuple[Callable[[str, DayOrder | None], datetime | None], ...] = (
    _epoch,
    _in_one_order,
    _slashed,
    _month_named,
)


def _built(found: re.Match[str], year: str, month: str, day: str) -> datetime:
    hour = int(found["hour"] or 0)
    if found["half"]:
        hour = hour % 12 + (12 if found["half"][0] in "pP" else 0)
    full_year = int(year) + (2000 if len(year) == 2 else 0)
    date = f"{full_year:04}-{int(month):02}-{int(day):02}"
    clock = f"{hour:02}:{found['minute'] or '00'}:{found['second'] or '00'}"
    return _aware(datetime.fromisoformat(f"{date}T{clock}{found['zone'] or ''}"))


def _month(name: str) -> int:
    return _MONTHS.get(name[:3].casefold(), 0)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
