"""Cells of a file made into values. What cannot be read is left out with a remark; only a bad key refuses the row."""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from apps.catalog.services.book_values import UNSAID, Said
from apps.platform.services.tabular.refusals import RowError
from apps.platform.services.tabular.remarks import CellRemark
from epicml.audience.bands import AgeBand, UnknownAgeBandError
from epicml.audience.headings import Says, heading_of
from epicml.audience.tags import audience_of
from epicml.text.authors import Order, authors_of
from epicml.text.figures import count_in, names_several, number_in, place_in_series, year_in
from epicml.text.isbn import InvalidIsbnError, isbn13
from epicml.text.language_names import language_in
from epicml.text.languages import UnknownLanguageError
from epicml.text.repairs import from_mojibake, has_control, looks_spoilt, one_line, without_entities, without_isbd

T = TypeVar("T")
LONGEST_HEADING = 1000  # what is longer is no heading, but a description
LONGEST_STATEMENT = 1000  # of a year, a number, an audience
LONGEST_ISBN = 100  # with all that may stand around it
_ROUNDED = re.compile(r"\d([.,]\d+)?[eE]\+?\d+")
_PLAIN_NUMBER = re.compile(r"[-+]?\d{1,12}([.,]\d*)?", re.ASCII)
# Dates, and years alone: a year out of them is all that was asked for.
_DATE = re.compile(
    r"\d{4}-\d\d(?:-\d\d.*)?|(?:\d{1,2}\.? )?[A-Za-z]{3,9}\.? (?:\d{1,2}, ?)?\d{4}|\d{1,2}([/.])\d{1,2}\1\d{4}"
)
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})  # of spreadsheets
_NOTHING = frozenset({"", "NULL", "NaN", "nan", "None", "N/A", "n/a"}) | _ERRORS
_SUBDIVISION = re.compile(r"\s*--\s*")
_ISBN_LIKE = re.compile(r"97[89][\d\-\s–]{10,14}|\d[\d\-\s–]{8,11}[\dXx]|\d{7,9}[Xx]?")
_BETWEEN_ISBNS = re.compile(r"[|;,/\n\x1f]")
_NAMED_ISBN = re.compile(r"(?:isbn|urn:isbn)\s*:\s*(.+)", re.IGNORECASE)
_OTHER_IDENTIFIER = re.compile(r"(?!e?-?isbn)[a-z][\w\-]*:\S+", re.IGNORECASE)
# A spreadsheet takes "6-8" for the sixth of August.
_BAND_AS_DATE = re.compile(r"(?:(\d{1,2})[-. ]{1,2}([A-Za-z]{3})|([A-Za-z]{3})[-. ]{1,2}(\d{1,2}))\.?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_BAND_OF_NUMBERS = {(6, 8): AgeBand.AGES_6_TO_8, (9, 11): AgeBand.AGES_9_TO_11, (12, 14): AgeBand.AGES_12_TO_14}


@dataclass(slots=True)
class Cells:
    """The cells of one row by field, those of the column to prefer first. Fields without a column are not there.

    An empty cell says nothing, or, if it `clears`, that the value is not known.
    """

    values: Mapping[str, tuple[str, ...]]
    clears: bool = False
    has_isbd: bool = False
    remarks: list[CellRemark] = field(default_factory=list)

    def key(self, *, pattern: re.Pattern[str]) -> str:
        """An identifier as the library writes it; RowError where it is none."""
        value = self._first("key")
        if _ROUNDED.fullmatch(value):
            reason = "The number is rounded (1.2e+12): its last digits are lost, so it names nothing."
            raise RowError(reason, column="key", value=value)
        if not pattern.fullmatch(value):
            raise RowError(f"An identifier has the form {pattern.pattern}.", column="key", value=value)
        return value

    def text(self, name: str, *, longest: int) -> Said[str | None]:
        """Text in one line, cut where it is too long."""
        first = self._first(name)
        if first in _ERRORS or (name != "title" and first in _NOTHING):  # a book may be called "None"
            return self._empty(name, None)
        value = self._repaired(name, first)
        if len(value) > longest:
            self._note(name, "cut", f"Cut to {longest} characters.", value)
            value = value[:longest].rstrip()
        return value or self._empty(name, None)

    def authors(self, *, most: int, longest: int, separator: str | None, order: Order | None) -> Said[tuple[str, ...]]:
        """The names in all columns of authors, each once."""
        cells = [cell for cell in self.values.get("authors", ()) if cell.strip() not in _NOTHING]
        texts = (self._mended("authors", " \n ".join(_listed(cell)))[: most * longest] for cell in cells)
        names = [one_line(name) for text in texts for name in authors_of(text, separator=separator, order=order)]
        return self._bounded("authors", [name for name in names if name], most=most, longest=longest)

    def genres(self, *, most: int, longest: int, separator: str | None) -> Said[tuple[str, ...]]:
        """The headings in all columns of genres, each once, separated by semicolons, pipes or lines, else by commas."""
        found = [
            without_isbd(one_line(part)).rstrip(".") if self.has_isbd else one_line(part)
            for cell in self.values.get("genres", ())
            if cell.strip() not in _NOTHING
            for part in _divided(self._mended("genres", cell), separator)
        ]
        fitting = [self._fitting(heading, longest) for heading in found if heading]
        return self._bounded("genres", [heading for heading in fitting if heading], most=most, longest=longest)

    def isbns(self, *, most: int) -> Said[tuple[str, ...]]:
        """The ISBNs in all columns that have some, those that are none left out."""
        found: list[str] = []
        for cell in self.values.get("isbns", ()):
            for part in _BETWEEN_ISBNS.split(cell):
                if part.strip(" =\"'") not in _NOTHING and not _OTHER_IDENTIFIER.fullmatch(part.strip()):
                    found += self._isbn(part)
        return self._bounded("isbns", found, most=most, longest=13)

    def year(self, *, low: int, high: int) -> Said[int | None]:
        """The first year that a cell names; 0 is how some programs say that none is known."""
        return self._read("year", year_in, low=low, high=high, nothing=("0", "0000", "0.0"))

    def count(self, name: str, *, low: int, high: int, empty: int | None) -> Said[int | None]:
        """A whole number."""
        return self._read(name, count_in, low=low, high=high, empty=empty)

    def level(self, *, low: int, high: int) -> Said[int | None]:
        """A school year; the lower one of two, the first one for kindergarten."""
        return self._read("reading_level", _school_year, low=low, high=high)

    def number(self, name: str, *, low: float, high: float) -> Said[float | None]:
        """A number that may have a fraction."""
        return self._read(name, number_in, low=low, high=high)

    def series_number(self, *, high: float) -> Said[float | None]:
        """The place in a series; not known where the cell names several."""
        value = self._first("series_number")[:LONGEST_STATEMENT]
        if names_several(value):
            self._note("series_number", "left out", "Several volumes in one have no single place in a series.", value)
            return None
        return self._read("series_number", place_in_series, low=0, high=high)

    def age_band(self) -> Said[AgeBand | None]:
        """An age band by its code, or by words that name an age."""
        value = self._first("age_band")[:LONGEST_STATEMENT]
        if value in _NOTHING:
            return self._empty("age_band", None)
        try:
            return AgeBand.from_code(value.casefold().replace("–", "-").replace(" ", ""))
        except UnknownAgeBandError as error:
            band = _band_of_date(value) or _band_of_words(value)
            if band is None:
                self._note("age_band", "left out", str(error), value)
                return UNSAID
            self._note("age_band", "read in part", f"Read as {band.code}.", value)
            return band

    def language(self) -> Said[str]:
        """The first language that the cell names."""
        value = self._first("language")[:LONGEST_STATEMENT]
        if value in _NOTHING:
            return self._empty("language", "und")
        try:
            return language_in(value)
        except UnknownLanguageError as error:
            self._note("language", "left out", str(error), value)
            return UNSAID

    def audience(self) -> tuple[str, ...]:
        """What the columns of the audience say, each statement by itself."""
        cells = self.values.get("audience", ())
        parts = [part for cell in cells for part in re.split(r"[|;\n\x1f]", cell[:LONGEST_STATEMENT])]
        return tuple(text for part in parts if (text := one_line(part)))

    def _first(self, name: str) -> str:
        return next((cell.strip() for cell in self.values.get(name, ()) if cell.strip()), "")

    def _short(self, name: str) -> list[str]:
        return [cell.strip()[:LONGEST_STATEMENT] for cell in self.values.get(name, ())]

    def _empty(self, name: str, empty: T) -> Said[T]:
        return empty if self.clears and name in self.values else UNSAID

    def _note(self, name: str, verb: str, done: str, value: str, *, of_column: bool = False) -> None:
        self.remarks.append(CellRemark(name, f"{name} {verb}", done, value, of_column))

    def _read(
        self,
        name: str,
        read: Callable[[str], T | None],
        *,
        low: float,
        high: float,
        empty: T | None = None,
        nothing: tuple[str, ...] = (),
    ) -> Said[T | None]:
        """The first cell that can be read and lies within the bounds."""
        cells = [cell for cell in self._short(name) if cell not in _NOTHING and cell not in nothing]
        if not cells:
            return self._empty(name, empty)
        for cell in cells:
            value = read(cell)
            if value is not None and low <= value <= high:  # type: ignore[operator]  # numbers all
                if not _PLAIN_NUMBER.fullmatch(cell) and not _DATE.fullmatch(cell):
                    self._note(name, "read in part", f"Read as {value:g}.", cell)
                return value
        self._note(name, "left out", f"No number from {low:g} to {high:g} can be read in it.", cells[0])
        return UNSAID

    def _mended(self, name: str, text: str) -> str:
        """Text as it was meant before a program on the way spoilt it."""
        decoded = without_entities(text)
        mended = from_mojibake(decoded)
        if mended != decoded:
            self._note(name, "repaired", f"Accents were spoilt; read as {mended[:100]}.", text)
        elif looks_spoilt(mended):
            self._note(name, "spoilt", "Accents look spoilt, and cannot be mended: see how the file was made.", text)
        if has_control(mended.replace("\x1f", "")):
            self._note(name, "repaired", "Control characters were removed.", text)
        return mended

    def _repaired(self, name: str, text: str) -> str:
        mended = one_line(self._mended(name, text))
        return without_isbd(mended) if self.has_isbd else mended

    def _bounded(self, name: str, found: list[str], *, most: int, longest: int) -> Said[tuple[str, ...]]:
        each = list(dict.fromkeys(part[:longest].rstrip() for part in found))
        if any(len(part) > longest for part in found):
            self._note(name, "cut", f"Cut to {longest} characters.", max(found, key=len))
        if len(each) > most:
            self._note(name, "cut", f"Only the first {most} of {len(each)} were taken.", "; ".join(each))
        return tuple(each[:most]) if each else self._empty(name, ())

    def _fitting(self, heading: str, longest: int) -> str:
        """A heading that is short enough and says of the readers what the whole one says; "" where none does."""
        if len(heading) <= longest:
            return heading
        if len(heading) > LONGEST_HEADING:
            self._note("genres", "left out", f"Longer than {longest} characters.", heading)
            return ""
        parts = _SUBDIVISION.split(heading)
        while len(parts) > 2 and len(" -- ".join(parts)) > longest:
            del parts[-2]
        last = f" -- {parts[-1]}" if len(parts) > 1 and len(parts[-1]) < longest // 2 else ""
        first = " -- ".join(parts).removesuffix(last)
        if len(first) + len(last) > longest:
            first = first[: longest - len(last)].rsplit(" ", 1)[0].rstrip(" -,;:")
        shorter = first + last
        if heading_of(shorter) != heading_of(heading):
            self._note("genres", "left out", f"Longer than {longest} characters.", heading)
            return ""
        self._note("genres", "cut", f"Cut to {shorter!r}.", heading)
        return shorter

    def _isbn(self, part: str) -> list[str]:
        part = part[:LONGEST_ISBN]
        named = _NAMED_ISBN.fullmatch(part.strip())
        text = (named[1] if named else part).strip()
        bare = re.sub(r"\(.*?\)|:.*$", "", text).strip() or text
        try:
            return [isbn13(bare, zeros_may_be_lost=True)]
        except InvalidIsbnError as error:
            if _ROUNDED.fullmatch(bare.strip("=\"'")):
                self._note("isbns", "rounded by a spreadsheet and left out", str(error), part, of_column=True)
                return []
            like = _ISBN_LIKE.search(bare)
            if like and like[0] != bare:
                return self._isbn(like[0])
            self._note("isbns", "left out", str(error), part)
            return []


def _listed(cell: str) -> list[str]:
    """The items of a list as Python or JSON write it, else the cell."""
    text = cell.strip()
    if text[:2] in ("['", '["') and text.endswith("]"):
        try:
            return [str(item) for item in ast.literal_eval(text)]
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return [cell]
    return [cell]


def _divided(cell: str, separator: str | None) -> list[str]:
    items = _listed(cell)
    if len(items) > 1 or items[0] != cell:
        return items
    if separator is None:
        separator = next((sign for sign in ("\x1f", ";", "|", "\n") if sign in cell), ",")
    return _divided_by_commas(cell) if separator == "," else cell.split(separator)


def _divided_by_commas(cell: str) -> list[str]:
    """Divided but for the commas inside a heading: "Children's stories, English -- History and criticism" is one."""
    parts: list[str] = []
    for part in cell.split(","):
        if parts and "--" in part and "--" not in parts[-1]:
            parts[-1] += f",{part}"
        else:
            parts.append(part)
    return parts


def _school_year(text: str) -> int | None:
    """The lower of "3-5" and "Grades 3 to 5"; 1 for "K-2", since levels begin there."""
    if re.fullmatch(r"(?:grades?\s*)?(?:pre-?)?k(?:indergarten)?(?:\s*(?:-|–|to)\s*\d{1,2})?", text, re.IGNORECASE):
        return 1
    number = number_in(
        re.sub(r"^(?:grades?|level|year|class|klasse)\s*|(?<=\d)(?:st|nd|rd|th)\b.*$", "", text, flags=re.I)
    )
    if number is None:
        found = re.match(r"(\d{1,2})\s*(?:-|–|to)\s*\d", text)
        return int(found[1]) if found else None
    return int(number)


def _band_of_date(text: str) -> AgeBand | None:
    found = _BAND_AS_DATE.fullmatch(text)
    if found is None:
        return None
    name, number = (found[2] or found[3]).casefold(), int(found[1] or found[4])
    if name not in _MONTHS:
        return None
    low, high = sorted((_MONTHS.index(name) + 1, number))
    return _BAND_OF_NUMBERS.get((low, high))


def _band_of_words(text: str) -> AgeBand | None:
    """The band of "Ages 9 to 11"; words that only say that there are children say none."""
    heading = text if heading_of(text) else f"Ages {text}"
    told = heading_of(heading)
    return None if told is None or Says.PLAIN_CHILDREN in told.says else audience_of((heading,)).age_band
