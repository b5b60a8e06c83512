"""Numbers in the words of a text: "four", "IV", "4th" and "nineteen eighty-four" are numbers that others write as 4."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_UNIT_WORDS = (*_UNITS.split(), "seventeen", "eighteen", "nineteen")
_TEN_WORDS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
_ORDINAL_WORDS = (*_ORDINALS.split(), "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth")

UNITS = {word: value for value, word in enumerate(_UNIT_WORDS)}
TENS = {word: 10 * place for place, word in enumerate(_TEN_WORDS, start=2)} | {"fourty": 40}
ORDINALS = {word: value for value, word in enumerate(_ORDINAL_WORDS, start=1)}
ORDINAL_TENS = {word[:-1] + "ieth": value for word, value in TENS.items()}
TOGETHER = {ten + unit: TENS[ten] + value for ten in TENS for unit, value in UNITS.items() if 1 <= value <= 9}
SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
NOUGHTS = frozenset(("o", "oh", "nought"))  # "nineteen oh four"
LONGEST_DIGITS = 9
CENTURIES = range(10, 22)  # years are spoken in pairs from 1010 to 2199
_ORDINAL_DIGITS = re.compile(r"([0-9]{1,9})(?:st|nd|rd|th)")
_ROMAN_UNITS = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
# Up to 39: larger ones are words more often than numbers ("mix", "civil").
ROMAN_NUMERALS = {
    "x" * tens + unit: 10 * tens + value for tens in range(4) for value, unit in enumerate(_ROMAN_UNITS) if tens or unit
}


class Number(NamedTuple):
    """A number that begins at some word, how many words it takes, and whether it says a place ("fourth")."""

    value: int
    length: int
    is_ordinal: bool = False


def number_at(words: Sequence[str], place: int) -> Number | None:
    """Read the longest number that begins at a word, in digits or in English words.

    Args:
        words: in normal form.
        place: 0 <= place < len(words).

    Returns:
        None where no number begins.

    >>> number_at(["nineteen", "eighty", "four"], 0)
    Number(value=1984, length=3, is_ordinal=False)
    >>> number_at(["the", "twenty", "first", "day"], 1)
    Number(value=21, length=2, is_ordinal=True)
    >>> number_at(["one", "hundred", "and", "one", "dalmatians"], 0).value
    101
    """
    word = words[place]
    if word.isdecimal():
        return Number(int(word), 1) if len(word) <= LONGEST_DIGITS else None
    if ordinal := _ORDINAL_DIGITS.fullmatch(word):
        return Number(int(ordinal[1]), 1, is_ordinal=True)
    if word == "a" and words[place + 1 : place + 2] in (["hundred"], ["thousand"], ["million"]):
        return _scaled(words, place, Number(1, 1))
    number = _below_hundred(words, place)
    if number is None or number.is_ordinal:
        return number
    return _year(words, place, number) or _scaled(words, place, number)


def _below_hundred(words: Sequence[str], place: int) -> Number | None:
    word = words[place]
    if word in ORDINALS or word in ORDINAL_TENS:
        return Number(ORDINALS.get(word) or ORDINAL_TENS[word], 1, is_ordinal=True)
    if word in UNITS or word in TOGETHER:
        return Number(UNITS.get(word, TOGETHER.get(word, 0)), 1)
    if word not in TENS:
        return None
    following = words[place + 1] if place + 1 < len(words) else ""
    if 1 <= UNITS.get(following, 0) <= 9:
        return Number(TENS[word] + UNITS[following], 2)
    if 1 <= ORDINALS.get(following, 0) <= 9:
        return Number(TENS[word] + ORDINALS[following], 2, is_ordinal=True)
    return Number(TENS[word], 1)


def _year(words: Sequence[str], place: int, century: Number) -> Number | None:
    """Read a year as it is spoken, in two pairs of digits."""
    after = place + century.length
    if century.value not in CENTURIES or after >= len(words):
        return None
    if words[after] in NOUGHTS and after + 1 < len(words) and 1 <= UNITS.get(words[after + 1], 0) <= 9:
        return Number(century.value * 100 + UNITS[words[after + 1]], century.length + 2)
    pair = _below_hundred(words, after)
    if pair is None or pair.is_ordinal or pair.value < 10:
        return None
    return Number(century.value * 100 + pair.value, century.length + pair.length)


def _scaled(words: Sequence[str], place: int, first: Number) -> Number:
    """Read the hundreds, thousands and millions that follow a number, and what comes after "and"."""
    total, part, length, is_ordinal = 0, first.value, first.length, False
    while not is_ordinal and place + length < len(words):
        word = words[place + length]
        if word in SCALES:
            part, length = part * SCALES[word], length + 1
            if SCALES[word] > 100:
                total, part = total + part, 0
            continue
        skipped = int(word == "and")
        if part % 100 or place + length + skipped >= len(words) or length == first.length:
            break
        rest = _below_hundred(words, place + length + skipped)
        if rest is None:
            break
        part, length, is_ordinal = part + rest.value, length + skipped + rest.length, rest.is_ordinal
    return Number(total + part, length, is_ordinal)


def spoken(value: int) -> tuple[str, ...]:
    """Write a number in words as it is read aloud, a year in pairs.

    Args:
        value: 0 <= value < 1,000,000; larger ones stay digits.

    >>> spoken(1984), spoken(20000), spoken(101)
    (('nineteen', 'eighty', 'four'), ('twenty', 'thousand'), ('one', 'hundred', 'and', 'one'))
    """
    if value >= 1_000_000:
        return (str(value),)
    century, rest = divmod(value, 100)
    if century in CENTURIES and century != 20 and rest >= 10:
        return _spoken_below_hundred(century) + _spoken_below_hundred(rest)
    thousands, hundreds = divmod(value, 1000)
    if thousands:
        return (*spoken(thousands), "thousand", *(_spoken_below_thousand(hundreds, joined=True) if hundreds else ()))
    return _spoken_below_thousand(hundreds, joined=False)


def _spoken_below_thousand(value: int, *, joined: bool) -> tuple[str, ...]:
    hundreds, rest = divmod(value, 100)
    said = (_UNIT_WORDS[hundreds], "hundred") if hundreds else ()
    if not rest and said:
        return said
    return (*said, *(("and",) if said or joined else ()), *_spoken_below_hundred(rest))


def _spoken_below_hundred(value: int) -> tuple[str, ...]:
    if value < 20:
        return (_UNIT_WORDS[value],)
    tens, unit = divmod(value, 10)
    return (_TEN_WORDS[tens - 2], _UNIT_WORDS[unit]) if unit else (_TEN_WORDS[tens - 2],)


def spoken_place(value: int) -> tuple[str, ...]:
    """Write a place in an order in words, up to the ninety-ninth; larger ones stay digits.

    >>> spoken_place(1), spoken_place(22), spoken_place(30)
    (('first',), ('twenty', 'second'), ('thirtieth',))
    """
    if not 1 <= value < 100:
        return (f"{value}th",)
    if value < 20:
        return (_ORDINAL_WORDS[value - 1],)
    tens, unit = divmod(value, 10)
    ten = _TEN_WORDS[tens - 2]
    return (ten, _ORDINAL_WORDS[unit - 1]) if unit else (ten[:-1] + "ieth",)
