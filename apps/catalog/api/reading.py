"""A book as a client sends it."""

import re
from typing import Any

from apps.catalog.api.schema import BookFields
from apps.catalog.services.book_values import NOT_KNOWN, BookInput
from apps.catalog.services.limits import KEY_PATTERN
from apps.platform.api.shapes import Errors, read
from apps.platform.api.strict import ContradictingValueError
from apps.platform.api.values import WrongValueError

KEY = re.compile(KEY_PATTERN)
# What an answer says beside a book, so that a book that was read can be changed and sent back as it is.
ONLY_IN_ANSWERS = "audience"


def read_book(shape: type[BookFields], item: Any, *, whole: bool, named: str | None = None) -> BookInput:
    """Read what a client says of a book, whose key the address may have named.

    What it leaves out is not said, or not known where this shall be the whole book. Null, and a text that is empty, say
    that it is not known.
    """
    said = read(shape, item, beside=_of_address(item, named))
    said.pop(ONLY_IN_ANSWERS, None)
    sent: Any = said.pop("key", None)
    known = {name: NOT_KNOWN[name] if value is None or value == "" else value for name, value in said.items()}
    book = BookInput(key=named or sent, **known)
    return book.replacing() if whole else book


def _of_address(item: Any, named: str | None) -> Errors:
    """Find what is wrong with the key of the address, or does not fit the one that was sent."""
    if named is None:
        return {}
    if not KEY.fullmatch(named):
        return {"key": [WrongValueError(f"The key of a book has the form {KEY.pattern}.")]}
    sent = item.get("key") if isinstance(item, dict) else None
    if sent is None or sent == named:
        return {}
    return {"key": [ContradictingValueError(f"The address names {named!r}: say the same here, or leave it out.")]}
