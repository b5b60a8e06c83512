"""One way to write an ISBN: thirteen digits, whether it came with hyphens, with ten digits, or out of a spreadsheet."""

import re
import unicodedata

from stdnum import isbn as standard
from stdnum.exceptions import ValidationError

# "ISBN-13: 978-…" in catalogues; ="0439023483" in files that were made to survive a spreadsheet.
_AROUND = re.compile(r"^=?[\"']?(?:e-?)?(?:isbn)?(?:[-\s]?1[03](?=[:\s]))?[:\s]*|[\"']$", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s\-\u00ad\u2010-\u2015\u2212.]")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?e\+?\d+", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]{9}[0-9X]|[0-9]{13}")
_WITHOUT_ZEROS = re.compile(r"[0-9]{7,8}[0-9X]")  # shorter ones pass the check digit too often by accident


class InvalidIsbnError(ValueError):
    """What is given is no ISBN; the sentence says why."""


def isbn13(text: str, *, zeros_may_be_lost: bool = False) -> str:
    """Write the ISBN as thirteen digits.

    Args:
        text: ten or thirteen digits with any hyphens and blanks, the last of ten perhaps an X.
        zeros_may_be_lost: whether the text comes from a file that a spreadsheet may have shortened: eight or nine
            characters are then read as ten whose leading zeros are gone, if the check digit agrees.

    Returns:
        Thirteen digits that begin with 978 or 979 and end with the right check digit.

    Raises:
        InvalidIsbnError: the form or the check digit is wrong, or the number was rounded.

    Source: ISO 2108; ISBN Users' Manual, 7th edition, section 4.

    >>> isbn13("0-306-40615-2"), isbn13("978-0-306-40615-7"), isbn13("ISBN 080442957x")
    ('9780306406157', '9780306406157', '9780804429573')
    >>> isbn13("306406152", zeros_may_be_lost=True)
    '9780306406157'
    """
    bare = _BETWEEN.sub("", _AROUND.sub("", text.strip()))
    # A digit of any script is one of 0 to 9.
    bare = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in bare).upper()
    if zeros_may_be_lost and _WITHOUT_ZEROS.fullmatch(bare):
        bare = bare.zfill(10)
    if _ROUNDED.fullmatch(text.strip()):
        raise InvalidIsbnError(f"{text.strip()[:40]!r} is a rounded number: the last digits of the ISBN are lost.")
    if not _DIGITS.fullmatch(bare):
        raise InvalidIsbnError(f"{text.strip()[:40]!r} is no ISBN: it has 10 or 13 digits.")
    try:
        return str(standard.to_isbn13(standard.validate(bare)))
    except ValidationError as error:
        raise InvalidIsbnError(f"{text.strip()[:40]!r} is no ISBN: its check digit or prefix is wrong.") from error
