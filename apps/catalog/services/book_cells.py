"""The cells of a row that only books have: authors, headings, ISBNs, years, for whom the book is."""

import re
from dataclasses import dataclass

from apps.platform.services.tabular.cells import (
    ERRORS,
    LONGEST_STATEMENT,
    NOTHING,
    ROUNDED,
    UNSET,
    Cells,
    MaybeUnset,
    items_in,
)
from epicml.audience.bands import AgeBand, UnknownAgeBandError
from epicml.audience.headings import AudienceTerm, heading_of
from epicml.audience.tags import audience_of
from epicml.text.authors import Order, authors_of
from epicml.text.catalogue_numbers import names_several, number_in, place_in_series, year_in
from epicml.text.isbn import InvalidIsbnError, isbn13
from epicml.text.language_names import language_in
from epicml.text.languages import UnknownLanguageError
from epicml.text.repairs import one_line, without_isbd

LONGEST_HEADING = 1000  # what is longer is no heading, but a description
LONGEST_ISBN = 100  # with all that may stand around it
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
class BookCells(Cells):
    """The cells of a book. Those of library catalogues may end in the punctuation of ISBD."""

    has_isbd: bool = False

    def title(self, *, longest: int) -> MaybeUnset[str | None]:
        """Read the title; a book may be called "None"."""
        return self.text("title", longest=longest, nothing=ERRORS)

    def one_line(self, name: str, text: str) -> str:
        """Mend a text and write it in one line, without the punctuation of catalogues."""
        mended = one_line(self.mended(name, text))
        return without_isbd(mended) if self.has_isbd else mended

    def authors(
        self, *, most: int, longest: int, separator: str | None, order: Order | None
    ) -> MaybeUnset[tuple[str, ...]]:
        """Read the names in all columns of authors, each once."""
        cells = self.filled("authors")
        texts = (self.mended("authors", " \n ".join(items_in(cell)))[: most * longest] for cell in cells)
        names = [one_line(name) for text in texts for name in authors_of(text, separator=separator, order=order)]
        return self.bounded("authors", [name for name in names if name], most=most, longest=longest)

    def genres(self, *, most: int, longest: int, separator: str | None) -> MaybeUnset[tuple[str, ...]]:
        """Read the headings of all columns of genres, each once; semicolons, pipes or lines part them, else commas."""
        found = [
            without_isbd(one_line(part)).rstrip(".") if self.has_isbd else one_line(part)
            for cell in self.filled("genres")
            for part in _divided(self.mended("genres", cell), separator)
        ]
        fitting = [self._fitting(heading, longest) for heading in found if heading]
        return self.bounded("genres", [heading for heading in fitting if heading], most=most, longest=longest)

    def isbns(self, *, most: int) -> MaybeUnset[tuple[str, ...]]:
        """Read the ISBNs in all columns that have some, those that are none left out."""
        found: list[str] = []
        for cell in self.values.get("isbns", ()):
            for part in _BETWEEN_ISBNS.split(cell):
                if part.strip(" =\"'") not in NOTHING and not _OTHER_IDENTIFIER.fullmatch(part.strip()):
                    found += self._isbn(part)
        return self.bounded("isbns", found, most=most, longest=13)

    def year(self, *, low: int, high: int) -> MaybeUnset[int | None]:
        """Read the first year that a cell names; 0 is how some programs say that none is known."""
        return self.read("year", year_in, low=low, high=high, nothing=("0", "0000", "0.0"))

    def level(self, *, low: int, high: int) -> MaybeUnset[int | None]:
        """Read a school year; the lower one of two, the first one for kindergarten."""
        return self.read("reading_level", _school_year, low=low, high=high)

    def series_number(self, *, high: float) -> MaybeUnset[float | None]:
        """Read the place in a series; not known where the cell names several."""
        value = self.first("series_number")[:LONGEST_STATEMENT]
        if names_several(value):
            self.add_remark(
                "series_number", "left out", "Several volumes in one have no single place in a series.", value
            )
            return None
        return self.read("series_number", place_in_series, low=0, high=high)

    def age_band(self) -> MaybeUnset[AgeBand | None]:
        """Read an age band by its code, or by words that name an age."""
        value = self.first("age_band")[:LONGEST_STATEMENT]
        if value in NOTHING:
            return self.empty("age_band", None)
        try:
            return AgeBand.from_code(value.casefold().replace("–", "-").replace(" ", ""))
        except UnknownAgeBandError as error:
            band = _band_of_date(value) or _band_of_words(value)
            if band is None:
                self.add_remark("age_band", "left out", str(error), value)
                return UNSET
            self.add_remark("age_band", "read in part", f"Read as {band.code}.", value)
            return band

    def language(self) -> MaybeUnset[str]:
        """Read the first language that the cell names."""
        value = self.first("language")[:LONGEST_STATEMENT]
        if value in NOTHING:
            return self.empty("language", "und")
        try:
            return language_in(value)
        except UnknownLanguageError as error:
            self.add_remark("language", "left out", str(error), value)
            return UNSET

    def audience(self) -> tuple[str, ...]:
        """Read what the columns of the audience say, each statement by itself."""
        cells = self.values.get("audience", ())
        parts = [part for cell in cells for part in re.split(r"[|;\n\x1f]", cell[:LONGEST_STATEMENT])]
        return tuple(text for part in parts if (text := one_line(part)))

    def _fitting(self, heading: str, longest: int) -> str:
        """Shorten a heading so that it says of the readers what the whole one says; "" where that cannot be."""
        if len(heading) <= longest:
            return heading
        if len(heading) > LONGEST_HEADING:
            self.add_remark("genres", "left out", f"Longer than {longest} characters.", heading)
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
            self.add_remark("genres", "left out", f"Longer than {longest} characters.", heading)
            return ""
        self.add_remark("genres", "cut", f"Cut to {shorter!r}.", heading)
        return shorter

    def _isbn(self, part: str) -> list[str]:
        part = part[:LONGEST_ISBN]
        named = _NAMED_ISBN.fullmatch(part.strip())
        text = (named[1] if named else part).strip()
        bare = re.sub(r"\(.*?\)|:.*$", "", text).strip() or text
        try:
            return [isbn13(bare, zeros_may_be_lost=True)]
        except InvalidIsbnError as error:
            if ROUNDED.fullmatch(bare.strip("=\"'")):
                self.add_remark("isbns", "rounded by a spreadsheet and left out", str(error), part, of_column=True)
                return []
            like = _ISBN_LIKE.search(bare)
            if like and like[0] != bare:
                return self._isbn(like[0])
            self.add_remark("isbns", "left out", str(error), part)
            return []


def _divided(cell: str, separator: str | None) -> list[str]:
    items = items_in(cell)
    if len(items) > 1 or items[0] != cell:
        return items
    if separator is None:
        separator = next((sign for sign in ("\x1f", ";", "|", "\n") if sign in cell), ",")
    return _divided_by_commas(cell) if separator == "," else cell.split(separator)


def _divided_by_commas(cell: str) -> list[str]:
    """Divide but for the commas inside a heading: "Children's stories, English -- History and criticism" is one."""
    parts: list[str] = []
    for part in cell.split(","):
        if parts and "--" in part and "--" not in parts[-1]:
            parts[-1] += f",{part}"
        else:
            parts.append(part)
    return parts


def _school_year(text: str) -> int | None:
    """Read the lower of "3-5" and "Grades 3 to 5"; 1 for "K-2", since levels begin there."""
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
    """Read the band of "Ages 9 to 11"; words that only say that there are children say none."""
    heading = text if heading_of(text) else f"Ages {text}"
    told = heading_of(heading)
    return None if told is None or AudienceTerm.PLAIN_CHILDREN in told.audiences else audience_of((heading,)).age_band
