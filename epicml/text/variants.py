"""The variants of a text, so that two spellings of one thing meet: "Dr." and "Doctor", "IV" and "4"."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from epicml.text.normalise import APOSTROPHES, is_unspaced, words
from epicml.text.number_words import (
    ORDINAL_TENS,
    ORDINALS,
    ROMAN_NUMERALS,
    TENS,
    TOGETHER,
    UNITS,
    Number,
    number_at,
    spoken,
    spoken_place,
)

Variant = tuple[str, ...]

MOST_VARIANTS = 10
NUMBER = "="  # before the digits of a number that is part of the text; no word in normal form has it
LONGEST_SPOKEN = 6
WORDS_BEFORE_PLACE = 2  # "harry potter two" is the second one, "the one" is no first one
_SHORT_FORMS = """
dr:doctor mr:mister missus:mrs missis:mrs st:saint ste:sainte mt:mount mtn:mountain ft:fort jr:junior sr:senior
prof:professor capt:captain sgt:sergeant lt:lieutenant gen:general col:colonel maj:major rev:reverend gov:governor
vs:versus bros:brothers xmas:christmas ok:okay mme:madame mlle:mademoiselle
"""
# Words before a number that only say what it counts: "Naruto, Vol. 3" is "Naruto 3".
_COUNTED = """
book bk volume vol part pt number no nr num issue episode ep band buch bd teil tome livre partie tomo libro parte deel
boek del bind tom
"""
_ARTICLES = "the a an der die das ein eine le la les l un une el los las il lo gli de het een"
# Short forms and what they stand for, in the normal form of both.
ABBREVIATIONS = dict(pair.split(":") for pair in _SHORT_FORMS.split())
COUNTED = frozenset(_COUNTED.split())
ARTICLES = frozenset(_ARTICLES.split())
CONJUNCTIONS = frozenset(("and", "n", "und", "et", "y", "e", "en", "och", "og"))
# Articles that are written as one with their word: the Arabic one, alone and after "and", "with", "like", "so", "for",
# and the Hebrew one. So many letters must be left.
JOINED_ARTICLES = {"وال": 2, "بال": 2, "كال": 2, "فال": 2, "ال": 2, "لل": 2, "ה": 3}
STAND_ALONE = frozenset("ai")  # the letters that are words in English: "a cat" is not "acat"

_MARKS = re.escape("".join(sorted(APOSTROPHES)) + ".\u2010\u2011-")
_GLUED = re.compile(rf"(?<=[^\W\d_])[{_MARKS}](?=[^\W\d_])")
_INITIAL = re.compile(rf"(?<![^\W_])([^\W\d_])[{_MARKS}]\s*(?=[^\W\d_])")
_THOUSANDS = re.compile(r"(?<=[0-9])[.,\u2009\u202f](?=[0-9]{3}(?![0-9]))")
_ROMAN_LETTER = re.compile(r"(?<=\w )([IVX])(?=\s*[:;,(\u2013\u2014]|\s+-\s)")  # "Henry V: A Play", but not "I, Robot"
_PLUS = re.compile(r"(?<=\s)\+(?=\s)")
_UMLAUTS = re.compile("[äöüøå]", re.IGNORECASE)
_TWO_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
_COUNTED_DIGITS = re.compile(r"([a-z]+)([0-9]{1,9})")
# Every longer word of letters that canonical() may change: most texts have none, and this is asked at every key.
_CHANGED = frozenset(
    (*UNITS, *TENS, *ORDINALS, *ORDINAL_TENS, *TOGETHER, *ABBREVIATIONS, *CONJUNCTIONS, *ROMAN_NUMERALS)
) - {"and"}


def variants(text: str) -> tuple[Variant, ...]:
    """Return the words of a text in every way that it can be read, the plain one (normalise.words) first.

    Two texts mean the same where they share a variant; a title is indexed under all of its own, and what is typed is
    looked for under all of its own.

    Args:
        text: a title, a name, or what is typed.

    Returns:
        At most MOST_VARIANTS, each once; none is empty but where the text has no word.

    >>> variants("Dr. Seuss")
    (('dr', 'seuss'), ('doctor', 'seuss'))
    >>> ("henry", "=4") in variants("Henry IV"), ("trex",) in variants("T. Rex")
    (True, True)
    """
    plain = tuple(words(text))
    if text.isascii() and text.replace(" ", "").isalpha() and _is_canonical(plain):  # nine of ten typed texts
        return (plain,)
    found = [plain, *_respellings(text, plain)]
    found += [canonical(variant, places=places) for variant in found for places in (True, False)]
    return tuple(dict.fromkeys(variant for variant in found if variant))[:MOST_VARIANTS] or (plain,)


def _respellings(text: str, plain: Variant) -> Iterator[Variant]:
    """Respell as signs allow: hyphens, dots and apostrophes join or part, umlauts may be two letters."""
    yield _with_letters_joined(plain)
    yield _with_unspaced_joined(plain)
    yield _with_place_last(plain)
    whole = unicodedata.normalize("NFC", text)
    if not APOSTROPHES.isdisjoint(whole):
        yield tuple(words("".join(" " if letter in APOSTROPHES else letter for letter in whole)))
    yield tuple(words(_PLUS.sub("&", _THOUSANDS.sub("", _GLUED.sub("", whole)))))
    yield tuple(words(_INITIAL.sub(r"\1", whole)))
    yield tuple(words(_ROMAN_LETTER.sub(lambda match: str(ROMAN_NUMERALS[match[1].lower()]), whole)))
    if _UMLAUTS.search(whole):
        yield tuple(words(_UMLAUTS.sub(lambda match: _TWO_LETTERS[match[0].lower()], whole)))


def _with_letters_joined(variant: Variant) -> Variant:
    """Join single letters to the word after them: "t rex" is "trex", "e mail" is "email"."""
    if all(len(word) > 1 for word in variant):
        return variant
    found: list[str] = []
    letter = ""
    for word in variant:
        if letter and len(word) > 1 and word.isalpha():
            found[-1] = letter + word
        else:
            found.append(word)
        letter = word if len(word) == 1 and word.isalpha() and word not in STAND_ALONE else ""
    return tuple(found)


def _with_unspaced_joined(variant: Variant) -> Variant:
    """Join words of scripts without gaps where a sign parts them: names are written with a dot or without."""
    found: list[str] = []
    for word in variant:
        if found and is_unspaced(word) and is_unspaced(found[-1]):
            found[-1] += word
        else:
            found.append(word)
    return tuple(found)


def _with_place_last(variant: Variant) -> Variant:
    """Put what is counted before its number: "the second harry potter book" is "harry potter 2"."""
    place = int(variant[:1] == ("the",))
    number = number_at(variant, place) if len(variant) > place + 2 and variant[-1] in COUNTED else None
    if number is None or not number.is_ordinal:
        return variant
    return (*variant[place + number.length : -1], str(number.value))


def canonical(variant: Sequence[str], *, places: bool = True) -> Variant:
    """Write a variant with numbers as digits, initials joined, short forms written out and one word for "and".

    A number that is part of the text gets the sign NUMBER; one that says which book of several it is does not, for it
    meets the place in the series. Places in an order end in "th".

    Args:
        variant: words in normal form.
        places: whether a number at the end of several words says which book it is: "harry potter two".

    >>> canonical(("harry", "potter", "book", "two")), canonical(("j", "r", "r", "tolkien"))
    (('harry', 'potter', '2'), ('jrr', 'tolkien'))
    >>> canonical(("nineteen", "eighty", "four")), canonical(("henry", "the", "fifth")), canonical(("first", "love"))
    (('=1984',), ('henry', '=5'), ('1th', 'love'))
    """
    if _is_canonical(variant):
        return tuple(variant)
    found: list[str] = []
    place = 0
    while place < len(variant):
        is_inside = 0 < place < len(variant) - 1
        token, length = (
            _counted(variant, place, places=places) or _number(variant, place) or _initials(variant, place) or ("", 1)
        )
        found.append(token or ("and" if is_inside and variant[place] in CONJUNCTIONS else _written_out(variant[place])))
        place += length
    return tuple(found)


def _is_canonical(variant: Sequence[str]) -> bool:
    return all(len(word) > 1 and word.isascii() and word.isalpha() and word not in _CHANGED for word in variant)


def _written_out(word: str) -> str:
    if word.isascii():
        return ABBREVIATIONS.get(word, word)
    for article, least in JOINED_ARTICLES.items():
        if word.startswith(article) and len(word) - len(article) >= least:
            return word[len(article) :]
    return word


def _initials(variant: Sequence[str], place: int) -> tuple[str, int] | None:
    length = 0
    while place + length < len(variant) and len(variant[place + length]) == 1 and variant[place + length].isalpha():
        length += 1
    return ("".join(variant[place : place + length]), length) if length > 1 else None


def _counted(variant: Sequence[str], place: int, *, places: bool) -> tuple[str, int] | None:
    """Read which of several books is meant, and how many words say so: "vol. 3", "book the first"."""
    word, after = variant[place], place + 1
    if (glued := _COUNTED_DIGITS.fullmatch(word)) and glued[1] in COUNTED:
        return str(int(glued[2])), 1
    if word in COUNTED and after < len(variant):
        article = int(variant[after] == "the" and after + 1 < len(variant))
        number = number_at(variant, after + article)
        if number is None and (roman := ROMAN_NUMERALS.get(variant[after + article])):
            number = Number(roman, 1)
        if number is None or number.is_ordinal < bool(article):
            return None
        length = 1 + article + number.length
        # "No One" and "Part One" alone are titles rather than the first of whatever there is.
        is_title = length == len(variant) and not variant[-1].isdecimal()
        return None if is_title else (str(number.value), length)
    article = int(word == "the" and 0 < place < len(variant) - 1)
    number = number_at(variant, place + article)
    if number is None or number.is_ordinal < bool(article):
        return None
    after = place + article + number.length
    if number.is_ordinal and after < len(variant) and variant[after] in COUNTED:
        return str(number.value), article + number.length + 1
    is_place = after == len(variant) and ((places and place >= WORDS_BEFORE_PLACE) or word.startswith("0"))
    says_which = is_place and number.is_ordinal == bool(article)  # "two" or "the second", but not "second" alone
    return (str(number.value), article + number.length) if says_which else None


def _number(variant: Sequence[str], place: int) -> tuple[str, int] | None:
    word, is_last = variant[place], place == len(variant) - 1
    if word == "the" and place and not is_last:  # "Henry the Fifth"
        ordinal = number_at(variant, place + 1)
        if ordinal is not None and ordinal.is_ordinal:
            return f"{NUMBER}{ordinal.value}", 1 + ordinal.length
    number = number_at(variant, place)
    if number is not None:
        return f"{number.value}th" if number.is_ordinal else f"{NUMBER}{number.value}", number.length
    is_alone = len(variant) == 1
    roman = ROMAN_NUMERALS.get(word) if (len(word) > 1 and (place or is_alone)) or (place and is_last) else None
    return None if roman is None else (f"{NUMBER}{roman}", 1)


def is_number(word: str) -> bool:
    """Tell whether a word of a variant is or begins with a number, so that no other word can be meant by it.

    >>> is_number("=4"), is_number("4"), is_number("2nd"), is_number("four")
    (True, True, True, False)
    """
    return word[:1] == NUMBER or word[:1].isdecimal()


def read_aloud(variant: Sequence[str]) -> Variant:
    """Write a variant with its numbers as words, so that it is found while they are typed out.

    >>> read_aloud(("henry", "=4")), read_aloud(("1th", "love"))
    (('henry', 'four'), ('first', 'love'))
    """
    found: list[str] = []
    for word in variant:
        digits = word.removeprefix(NUMBER)
        if digits.isdecimal() and len(digits) <= LONGEST_SPOKEN:
            found += spoken(int(digits))
        elif digits.endswith("th") and digits[:-2].isdecimal() and len(digits) <= LONGEST_SPOKEN:
            found += spoken_place(int(digits[:-2]))
        else:
            found.append(word)
    return tuple(found)


def without_article(variant: Variant) -> Variant:
    """Drop the article that a variant begins with; not where nothing else would be left.

    >>> without_article(("the", "gruffalo")), without_article(("the",))
    (('gruffalo',), ('the',))
    """
    return variant[1:] if len(variant) > 1 and variant[0] in ARTICLES else variant


def by_initials(name: Variant) -> Variant:
    """Write the name of a person with the given names as initials.

    >>> by_initials(("edgar", "rice", "burroughs"))
    ('er', 'burroughs')
    """
    return ("".join(word[0] for word in name[:-1]), name[-1]) if len(name) > 2 else name
