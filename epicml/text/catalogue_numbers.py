"""Years and numbers as people write them in catalogues: "c1997.", "[1945]", "4,05", "Book 2"."""

import re

LATEST_YEAR = 2100
_YEAR = re.compile(r"(?<![\d.,])(?:1[0-9]|20|21)\d\d(?!\d)")
_PLAIN_YEAR = re.compile(r"[-+]?\d{1,4}(?:\.0*)?", re.ASCII)
_BEFORE_CHRIST = re.compile(
    r"(?:c|ca|circa|approximately)?\.?\s*(\d{1,4})\s*(?:b\.?\s?c\.?(?:\s?e\.?)?|v\.\s?chr\.?)", re.I
)
_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,4})(?:xc|xl|l?x{0,4})(?:ix|iv|v?i{0,4})", re.IGNORECASE)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+")
_DECIMAL = re.compile(r"[-+]?\d{1,12}(?:[.,]\d{1,12})?", re.ASCII)
_FIRST_NUMBER = re.compile(r"(?<![\w.,])#?(\d{1,9}(?:[.,]\d{1,6})?)(?![\w])", re.ASCII)
_NAMED_PLACE = re.compile(
    r"(\S.*?)(?:\s*[;,]\s*(?:#|(?:no|nr|vol|bk|bd)\.?|book|volume|part|band)?|\s+#|\s+(?:book|vol\.|volume)\s)\s*"
    r"(\d{1,6}(?:\.\d{1,3})?)",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\d\s*(?:-|–|—|&|\+|,|to|and|bis)\s*#?\d")


def year_in(text: str) -> int | None:
    """Find the first year that a statement of publication names.

    Args:
        text: a year, a date, or either with what catalogues put around it.

    Returns:
        A year from -9999 to 2199, negative before Christ; None where the text names none, or one of which digits are
        missing.

    >>> [year_in(text) for text in ("1997", "c1997.", "[1945]", "2004-", "©2001", "1999?", "MCMXCIX", "12/31/2004")]
    [1997, 1997, 1945, 2004, 2001, 1999, 1999, 2004]
    >>> [year_in(text) for text in ("-762.0", "762 BC", "199-?", "n.d.", "9999", "0")]
    [-762, -762, None, None, None, None]
    """
    text = text.strip()
    if _PLAIN_YEAR.fullmatch(text):
        year = int(float(text))
        return year if year and year <= LATEST_YEAR else None
    if found := _BEFORE_CHRIST.fullmatch(text.strip("[]. ")):
        return -int(found[1])
    if found := _YEAR.search(text):
        year = int(found[0])
        return year if year <= LATEST_YEAR else None
    roman = text.strip("[]().c© ")
    return _roman(roman) if len(roman) > 2 and _ROMAN.fullmatch(roman) else None


def number_in(text: str) -> float | None:
    """Read the number that a text is or begins to speak of; None where it names none.

    A comma before three digits groups thousands, any other is the decimal sign.

    >>> [number_in(text) for text in ("4.05", "4,05", "1,234", "1 234 567", "4.2 out of 5", "Book 2", "#3", "many")]
    [4.05, 4.05, 1234.0, 1234567.0, 4.2, 2.0, 3.0, None]
    """
    text = text.strip()
    if _GROUPED.fullmatch(text) and not re.fullmatch(r"[-+]?\d{1,3}\.\d{3}", text):
        return float(re.sub(r"[^\d\-+]", "", text))
    if _DECIMAL.fullmatch(text):
        return float(text.replace(",", "."))
    found = _FIRST_NUMBER.search(text)
    return float(found[1].replace(",", ".")) if found else None


def count_in(text: str) -> int | None:
    """Read the whole number that a text is; a point before three digits groups thousands here too.

    >>> [count_in(text) for text in ("1234", "1,234", "1.234", "1'234'567", "1234.0", "12.5", "many", "-3")]
    [1234, 1234, 1234, 1234567, 1234, None, None, None]
    """
    text = text.strip()
    if re.fullmatch(r"\d{1,12}(?:[.,]0{0,2})?", text, re.ASCII):
        return int(float(text.replace(",", ".")))
    return int(re.sub(r"\D", "", text)) if _GROUPED.fullmatch(text) and text.isascii() and text[0].isdigit() else None


def named_place(text: str) -> tuple[str, float | None]:
    """Read the name of a series, and the place that stands behind it, where one does.

    >>> [named_place(text) for text in ("The Hunger Games #1", "Puffin ; 12", "Lakes, book 2", "Area 51")]
    [('The Hunger Games', 1.0), ('Puffin', 12.0), ('Lakes', 2.0), ('Area 51', None)]
    """
    found = _NAMED_PLACE.fullmatch(text.strip())
    return (found[1], float(found[2])) if found else (text, None)


def place_in_series(text: str) -> float | None:
    """Read the number of a volume; None where the text names none or several.

    >>> [place_in_series(text) for text in ("2", "1.5", "Book 2", "#3", "Vol. 4", "2 of 7", "1-3", "III", "½")]
    [2.0, 1.5, 2.0, 3.0, 4.0, 2.0, None, 3.0, None]
    """
    text = text.strip()
    if names_several(text):
        return None
    roman = re.sub(r"^(?:book|vol(?:ume)?|part|bd|band|tome)\.?\s+|[#.]", "", text, flags=re.IGNORECASE)
    if roman and _ROMAN.fullmatch(roman):
        return float(_roman(roman))
    return number_in(text)


def names_several(text: str) -> bool:
    """Tell whether a place in a series is that of several volumes in one: "1-3".

    >>> names_several("#1-3"), names_several("1.5")
    (True, False)
    """
    return _RANGE.search(text) is not None and not re.fullmatch(r"\s*\d+,\d{1,2}\s*", text)


def _roman(text: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in text.casefold()]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))
