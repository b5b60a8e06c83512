"""The normal form in which titles, names and typed text are compared, and what a title says of its series."""

# ruff: noqa: RUF001  # signs that look alike are this module's subject

import re
import unicodedata
from typing import NamedTuple

# Dropped, not taken for a gap: a child who types "dont" means "Don't".
APOSTROPHES = frozenset("'`´‘’‛′ʹʻʼʽˈ＇")
AMPERSANDS = frozenset("&＆﹠")  # read as the word that they stand for: "Pride & Prejudice"
# Letters that Unicode does not decompose, as readers without such keys type them, and Arabic ones that are written for
# one another: alef wasla, alef maksura, teh marbuta, and the kaf, yeh and heh of Persian and Urdu.
_LETTERS = "ø:o ł:l æ:ae œ:oe đ:d ð:d þ:th ı:i ħ:h ŧ:t ٱ:ا ى:ي ی:ي ے:ي ة:ه ہ:ه ھ:ه ک:ك"
LETTERS = dict(pair.split(":") for pair in _LETTERS.split())
# Nothing to see and nothing to type, though Unicode takes them for letters: tatweel and the fillers of Hangul.
UNSEEN = frozenset("\u0640\u115f\u1160\u3164\uffa0")
FIRST_KATAKANA, LAST_KATAKANA = "\u30a1", "\u30f6"
TO_HIRAGANA = 0x60
FRACTION_SLASH = "⁄"  # inside ½, which begins a number of its own: "13½" is not "131" and "2"
# Thai and Lao, Burmese, Khmer, kana, Chinese characters: written without gaps between words.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
)
WORD_RUN = re.compile(rf"(?:(?=\w)[{UNSPACED}])+|[^\W_{UNSPACED}]+")
_UNSPACED_LETTER = re.compile(f"[{UNSPACED}]")
SERIES_NOTE = re.compile(r"\s*\(([^()]*?)[\s,;:]*#\s*(\d+(?:\.\d+)?)([^()]*)\)\s*$")


class Word(NamedTuple):
    """A word in its normal form, and where it stands in the text it came from (half-open)."""

    text: str
    start: int
    end: int


class Series(NamedTuple):
    """The series a title names, and the book's place in it; no place for a set of several volumes."""

    name: str
    number: float | None


class _Folding(dict[int, str]):
    """What becomes of each character, worked out once."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_character(chr(code))
        return folded


def _fold_character(character: str) -> str:
    if character in APOSTROPHES:
        return ""
    if character in AMPERSANDS:
        return " and "
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    kept = "".join(_plain_letter(part) for part in decomposed if not _is_unseen(part))
    return f" {kept}" if FRACTION_SLASH in kept else kept


def _is_unseen(character: str) -> bool:
    """Tell whether it only dresses or joins others: an accent, a soft hyphen, a sign of zero width."""
    category = unicodedata.category(character)
    return character in APOSTROPHES or character in UNSEEN or category == "Cf" or category.startswith("M")


def _plain_letter(character: str) -> str:
    if FIRST_KATAKANA <= character <= LAST_KATAKANA:  # children learn to write the other kana first
        return chr(ord(character) - TO_HIRAGANA)
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return LETTERS.get(character, character)


_FOLDING = _Folding()
_NOT_ONE_LETTER = APOSTROPHES | AMPERSANDS


def folded(text: str) -> str:
    """Fold text: without case, accents, apostrophes and unseen characters; all else keeps its place in the order.

    >>> folded("Émile's ÆON")
    'emiles aeon'
    """
    return text.translate(_FOLDING)


def words(text: str) -> list[str]:
    """List the words of a text in normal form: runs of letters and digits, an ampersand as the word it stands for.

    >>> words("The Cat's Pyjamas: №9 & Other Stories")
    ['the', 'cats', 'pyjamas', 'no9', 'and', 'other', 'stories']
    >>> words("3年B組")
    ['3', '年', 'b', '組']
    """
    return WORD_RUN.findall(folded(text))


def has_words(text: str) -> bool:
    """Tell whether the text has a letter or a digit, and not signs and blanks only.

    >>> has_words("7"), has_words("& !"), has_words("\\U0001f600")
    (True, False, False)
    """
    rest = text if AMPERSANDS.isdisjoint(text) else "".join(letter for letter in text if letter not in AMPERSANDS)
    return WORD_RUN.search(folded(rest)) is not None


def is_unspaced(word: str) -> bool:
    """Tell whether a word in normal form is of a script that leaves no gaps, so that it may be several words.

    >>> is_unspaced("物語"), is_unspaced("story")
    (True, False)
    """
    return _UNSPACED_LETTER.match(word) is not None


def normal_form(text: str) -> str:
    """Join the words of a text by underscores: two texts a reader takes for equal have the same one.

    >>> normal_form("Where the Wild Things Are"), normal_form("  where—the wild, things Are! ")
    ('where_the_wild_things_are', 'where_the_wild_things_are')
    """
    return "_".join(words(text))


def typed_form(text: str) -> str:
    """Write the normal form of text as it is being typed; an underscore at the end: the last word is complete.

    >>> typed_form("the"), typed_form("the "), typed_form("don'"), typed_form(" ")
    ('the', 'the_', 'don', '')
    """
    normal = normal_form(text)
    last = folded(text[-1]) if normal else ""
    return normal + "_" if last and WORD_RUN.search(last) is None else normal


def word_spans(text: str) -> list[Word]:
    """List the words of a text in normal form with the places they were read from, so that a match can be shown.

    >>> word_spans("It's Élan")
    [Word(text='its', start=0, end=4), Word(text='elan', start=5, end=9)]
    """
    if text.isascii() and _NOT_ONE_LETTER.isdisjoint(text):  # every character stays one: nine of ten titles
        return [Word(match[0], match.start(), match.end()) for match in WORD_RUN.finditer(text.lower())]
    pieces = [_FOLDING[ord(character)] for character in text]
    origins = [place for place, piece in enumerate(pieces) for _ in piece]
    joined = "".join(pieces)
    return [
        Word(match[0], origins[match.start()], _past_marks(text, origins[match.end() - 1] + 1))
        for match in WORD_RUN.finditer(joined)
    ]


def _past_marks(text: str, end: int) -> int:
    """Find the end of a word whose last letter carries accents or vowel signs of their own."""
    while end < len(text) and unicodedata.category(text[end]).startswith("M"):
        end += 1
    return end


def main_title(title: str) -> str:
    """Return the title without the note of its series at the end.

    >>> main_title("Catching Fire (The Hunger Games, #2)"), main_title("Dracula (Marvel Illustrated)")
    ('Catching Fire', 'Dracula (Marvel Illustrated)')
    """
    return SERIES_NOTE.sub("", title) or title


def series_of(title: str) -> Series | None:
    """Read the series that a title notes in brackets at its end, the first one when it notes several.

    >>> series_of("Soul Music (Discworld, #16; Death, #3)")
    Series(name='Discworld', number=16.0)
    >>> series_of("Fifty Shades Trilogy (Fifty Shades, #1-3)")
    Series(name='Fifty Shades', number=None)
    >>> series_of("Holes") is None
    True
    """
    note = SERIES_NOTE.search(title)
    if note is None or not note[1].strip():
        return None
    several = note[3].lstrip().startswith(("-", "–", "&", "/"))
    return Series(note[1].strip(), None if several else float(note[2]))
