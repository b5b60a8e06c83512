"""ISBNs as they are typed into a search box: whole or begun, with or without hyphens, ten digits or thirteen."""

import re
from dataclasses import dataclass

from stdnum import isbn as standard

from epicml.text.normalise import folded

LEAST_DIGITS = 4  # below, what is typed is a number like any other
# So many digits are no title, year or place in a series any more.
UNMISTAKABLE_DIGITS = 7
_LABEL = re.compile(r"\s*(?:e-?)?isbn(?:[-\s]?1[03](?=[:\s]))?[:\s]*", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s\-\u00ad\u2010-\u2015\u2212.]")
_DIGITS = re.compile(r"[0-9]{1,13}|[0-9]{9}x")


@dataclass(frozen=True, slots=True)
class TypedIsbn:
    """The digits of an ISBN as far as they are typed, the last perhaps an x; without any, it is none.

    Attributes:
        digits: without hyphens and blanks.
        is_certain: nothing else can be meant: it is labelled, or longer than any other number.
    """

    digits: str = ""
    is_certain: bool = False


NO_ISBN = TypedIsbn()


def typed_isbn(text: str) -> TypedIsbn:
    """Read the ISBN that is typed, whole or its beginning.

    >>> typed_isbn("978-0-439"), typed_isbn("ISBN 0439"), typed_isbn("0 8044 2957 X")
    (TypedIsbn(digits='9780439', is_certain=True), TypedIsbn(digits='0439', is_certain=True), \
TypedIsbn(digits='080442957x', is_certain=True))
    >>> typed_isbn("1984"), typed_isbn("101 Dalmatians")
    (TypedIsbn(digits='1984', is_certain=False), TypedIsbn(digits='', is_certain=False))
    """
    if text[-1:].isalpha() and text[-1:] not in "xX":  # most texts: this is asked at every key
        return NO_ISBN
    label = _LABEL.match(text)
    digits = folded(_BETWEEN.sub("", text[label.end() :] if label else text))
    if not _DIGITS.fullmatch(digits) or len(digits) < (1 if label else LEAST_DIGITS):
        return NO_ISBN
    return TypedIsbn(digits, is_certain=label is not None or len(digits) >= UNMISTAKABLE_DIGITS)


def isbn_forms(isbn13: str) -> tuple[str, ...]:
    """Write the ISBN in thirteen digits and, where it has such a form, in ten, as they are typed.

    >>> isbn_forms("9780804429573"), isbn_forms("9791090636071")
    (('9780804429573', '080442957x'), ('9791090636071',))
    """
    return (isbn13, standard.to_isbn10(isbn13).lower()) if isbn13.startswith("978") else (isbn13,)
