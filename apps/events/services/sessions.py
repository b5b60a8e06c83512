"""One session of suggestions as its client reports it: what was typed, what was suggested, what of it was chosen.

Children type names, of others too. So little is kept: the text is bounded, addresses and long numbers in it are not
kept at all, and no page, log, metric or other app reads it; it goes with its reader, and after SESSIONS_KEPT_DAYS.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from epicml.text.isbn import InvalidIsbnError, isbn13

SESSION_FIELDS = ("typed", "shown", "chosen")
MAX_TYPED = 100
MAX_SHOWN = 20
MAX_KEY = 200  # of a suggestion: a book's key, or the name of an author or a series
LEFT_OUT = "…"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ADDRESS = re.compile(r"\S*@\S*")
_NUMBER = re.compile(r"\+?\d[\d\s()/.-]{4,}\d[xX]?")
_YEARS = re.compile(r"\d{4}\s?[-/.]?\s?\d{4}")
_LEAST_DIGITS = 7  # of the number of a telephone or a pass


class WrongSessionError(ValueError):
    """What was sent of a session cannot be stored."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Session:
    """What was typed, the keys of the suggestions in their order, and the one of them that was chosen."""

    typed: str
    shown: tuple[str, ...]
    chosen: str | None

    @property
    def position(self) -> int | None:
        """Return the place of what was chosen, from 1."""
        return None if self.chosen is None else self.shown.index(self.chosen) + 1

    def as_json(self) -> str:
        """Return what is stored of it."""
        return json.dumps({"typed": kept_text(self.typed), "shown": self.shown, "chosen": self.chosen})


def checked_session(item: Mapping[str, Any]) -> Session:
    """Read the session that a client sent; WrongSessionError names the first field that is wrong."""
    shown = item.get("shown")
    if not isinstance(shown, list) or len(shown) > MAX_SHOWN:
        raise WrongSessionError("shown", f"This must be a list of up to {MAX_SHOWN} keys of suggestions.")
    keys = tuple(_text(key, "shown", most=MAX_KEY) for key in shown)
    chosen = item.get("chosen")
    if chosen is not None and chosen not in keys:
        raise WrongSessionError("chosen", "This must be one of the keys in shown, or null.")
    return Session(_text(item.get("typed"), "typed", most=MAX_TYPED), keys, chosen)


def kept_text(typed: str) -> str:
    """Leave out of what was typed what may be the address or the number of a person; an ISBN stays.

    >>> kept_text("mia@example.org  the hobbit")
    '… the hobbit'
    >>> kept_text("call 030 1234567"), kept_text("978-0-261-10221-7"), kept_text("1984")
    ('call …', '978-0-261-10221-7', '1984')
    >>> kept_text("war 1914-1918"), kept_text("101 200 Dalmatians")
    ('war 1914-1918', '101 200 Dalmatians')
    """
    without = _NUMBER.sub(lambda found: _kept_number(found[0]), _ADDRESS.sub(LEFT_OUT, typed))
    return " ".join(without.split())


def _kept_number(number: str) -> str:
    if sum(map(str.isdecimal, number)) < _LEAST_DIGITS or _YEARS.fullmatch(number):
        return number
    try:
        isbn13(number)
    except InvalidIsbnError:
        return LEFT_OUT
    return number


def _text(value: Any, field: str, *, most: int) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > most or _CONTROL.search(value):
        reason = f"This must be text of 1 to {most} characters, none of them a control character."
        raise WrongSessionError(field, reason if value is not None else "This field is required.")
    return value.strip()
