"""Text that a program on the way has spoilt, as it was meant."""

import html
import re
from html.entities import html5

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
MOST_TIMES_ENCODED = 3
# What UTF-8 looks like in Windows-1252. Ä and the like before a closing mark are German, so two in a row must be there.
_TRAIL = r"[\u0080-\u00bf\u0152-\u0178\u02c6-\u02dc\u2013-\u203a\u20ac\u2122]"
_SPOILT = re.compile(rf"[ÂÃ]{_TRAIL}|â€{_TRAIL}?|(?:[ÄÅÐÑ]{_TRAIL}){{2}}")
_ISBD_END = re.compile(r"\s+[/:;=,.]+\s*$|(?<=\w)\s*/\s*$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")


def without_entities(text: str) -> str:
    """Decode the signs that HTML writes as entities, also where they were encoded twice.

    Only entities that end with a semicolon are read: "Bold&notable" stays.

    >>> without_entities("Adam &amp; Eve"), without_entities("Caf&amp;eacute; &#39;68"), without_entities("AT&T; Q&A")
    ('Adam & Eve', "Café '68", 'AT&T; Q&A')
    """
    for _ in range(MOST_TIMES_ENCODED):
        if "&" not in text or ";" not in text:
            break
        decoded = _ENTITY.sub(_decoded, text)
        if decoded == text:
            break
        text = decoded
    return text


def from_mojibake(text: str) -> str:
    """Mend text that was written in UTF-8 and read as Windows-1252; leave any other as it is.

    >>> from_mojibake("GrandPrÃ©"), from_mojibake("GrandPré"), from_mojibake("Itâ€™s"), from_mojibake("NÃO")
    ('GrandPré', 'GrandPré', 'It’s', 'NÃO')
    """
    if not _SPOILT.search(text):
        return text
    try:
        mended = b"".join(_byte(sign) for sign in text).decode("utf-8")
    except UnicodeError:
        return text
    return from_mojibake(mended) if _SPOILT.search(mended) else mended


def looks_spoilt(text: str) -> bool:
    """Tell whether text looks like UTF-8 read as Windows-1252, even where a lost byte keeps it from being mended.

    >>> looks_spoilt("GrandPrÃ©"), looks_spoilt("KÃ?Â¶nig"), looks_spoilt("König „Ä“")
    (True, True, False)
    """
    return _SPOILT.search(text) is not None


def without_isbd(text: str) -> str:
    """Drop the punctuation by which catalogues lead to the next element of a description.

    >>> without_isbd("Holes /"), without_isbd("Harry Potter :"), without_isbd("Who?"), without_isbd("Mr. Gum.")
    ('Holes', 'Harry Potter', 'Who?', 'Mr. Gum.')
    """
    return _ISBD_END.sub("", text)


def one_line(text: str) -> str:
    """Write text with one blank where there are several, or line breaks, and without control characters.

    >>> one_line("  The Wild\\r\\n Things\\x07 ")
    'The Wild Things'
    """
    return _BLANKS.sub(" ", _CONTROL.sub("", _BLANKS.sub(" ", text))).strip()


def has_control(text: str) -> bool:
    """Tell whether the text holds control characters other than line breaks and tabs.

    >>> has_control("a\\tb"), has_control("a\\x07b")
    (False, True)
    """
    return _CONTROL.search(_BLANKS.sub(" ", text)) is not None


def _decoded(found: re.Match[str]) -> str:
    is_known = found[0][1] == "#" or found[0][1:] in html5
    return html.unescape(found[0]) if is_known else found[0]


def _byte(sign: str) -> bytes:
    """Encode a sign in Windows-1252; where that has none, in Latin-1, as browsers do."""
    try:
        return sign.encode("cp1252")
    except UnicodeEncodeError:
        return sign.encode("latin-1")
