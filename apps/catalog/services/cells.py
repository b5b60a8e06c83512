"""Text of a file made into values: bounded, and refused with the column and the reason where it does not fit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from apps.platform.services.refusals import RowError
from epicml.audience.bands import AgeBand, UnknownAgeBandError
from epicml.text.languages import UnknownLanguageError, language_code

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_NUMBER = re.compile(r"[-+]?\d{1,12}(\.\d{1,12})?", re.ASCII)
_WHOLE = re.compile(r"([-+]?\d{1,12})(\.0*)?", re.ASCII)  # a column of whole numbers with gaps is written "1997.0"


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one row by field. A field that the file has no column for is blank."""

    values: Mapping[str, str]

    def key(self, field: str, *, pattern: re.Pattern[str]) -> str:
        """An identifier as the library writes it."""
        value = self.values.get(field, "").strip()
        if _SCIENTIFIC.fullmatch(value):
            raise self._error(field, "The number is rounded (1.2e+12): its last digits are lost, so it names nothing.")
        if not pattern.fullmatch(value):
            raise self._error(field, f"An identifier has the form {pattern.pattern}.")
        return value

    def optional_text(self, field: str, *, longest: int) -> str | None:
        """Text in one line, None when blank."""
        value = _BLANKS.sub(" ", self.values.get(field, "")).strip()
        if _CONTROL.search(value):
            raise self._error(field, "Control characters are not allowed.")
        if len(value) > longest:
            raise self._error(field, f"At most {longest} characters are allowed, not {len(value)}.")
        return value or None

    def text(self, field: str, *, longest: int) -> str:
        """Text in one line, never blank."""
        value = self.optional_text(field, longest=longest)
        if value is None:
            raise self._error(field, "This may not be empty.")
        return value

    def texts(self, field: str, *, most: int, longest: int) -> tuple[str, ...]:
        """Texts separated by semicolons, or by commas where there is no semicolon; each once."""
        cell = self.values.get(field, "")
        parts = (_BLANKS.sub(" ", part).strip() for part in cell.split(";" if ";" in cell else ","))
        found = tuple(dict.fromkeys(part for part in parts if part))
        if len(found) > most:
            raise self._error(field, f"At most {most} are allowed, not {len(found)}.")
        if _CONTROL.search("".join(found)) or any(len(part) > longest for part in found):
            raise self._error(field, f"At most {longest} characters each, and no control characters.")
        return found

    def whole(self, field: str, *, low: int, high: int) -> int | None:
        """A whole number from low to high, None when blank."""
        value = self.values.get(field, "").strip()
        match = _WHOLE.fullmatch(value)
        if value and (match is None or not low <= int(match[1]) <= high):
            raise self._error(field, f"This must be a whole number from {low} to {high}.")
        return int(match[1]) if match else None

    def number(self, field: str, *, low: float, high: float) -> float | None:
        """A number from low to high, None when blank."""
        value = self.values.get(field, "").strip()
        if value and (not _NUMBER.fullmatch(value) or not low <= float(value) <= high):
            raise self._error(field, f"This must be a number from {low:g} to {high:g}.")
        return float(value) if value else None

    def age_band(self, field: str = "age_band") -> AgeBand | None:
        """An age band by its code, None when blank."""
        value = self.values.get(field, "").strip()
        try:
            return AgeBand.from_code(value) if value else None
        except UnknownAgeBandError as error:
            raise self._error(field, str(error)) from error

    def language(self, field: str = "language") -> str:
        """A language code in its short form, "und" when blank."""
        try:
            return language_code(self.values.get(field, ""))
        except UnknownLanguageError as error:
            raise self._error(field, str(error)) from error

    def _error(self, field: str, reason: str) -> RowError:
        return RowError(reason, column=field, value=self.values.get(field, ""))
