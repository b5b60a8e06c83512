"""Numbers as they are read aloud in English, against a second way to say them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.text.number_words import ROMAN_NUMERALS, Number, number_at, spoken, spoken_place

ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()  # noqa: SIM905
ONES += ["seventeen", "eighteen", "nineteen"]
TENS = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy", 80: "eighty", 90: "ninety"}
words = st.sampled_from([*ONES, *TENS.values(), "hundred", "thousand", "million", "and", "a", "oh", "owl", "7", "1st"])


def said(value: int) -> str:
    """Below a thousand, as a schoolbook says it."""
    if value < 20:
        return ONES[value]
    if value < 100:
        return TENS[value // 10 * 10] + (f" {ONES[value % 10]}" if value % 10 else "")
    return f"{ONES[value // 100]} hundred" + (f" and {said(value % 100)}" if value % 100 else "")


class TestNumberAt:
    @pytest.mark.parametrize(
        ("text", "value", "length"),
        [
            ("nineteen eighty four", 1984, 3),
            ("nineteen eightyfour", 1984, 2),
            ("nineteen oh four", 1904, 3),
            ("nineteen hundred", 1900, 2),
            ("twenty twenty", 2020, 2),
            ("ten sixty six", 1066, 3),
            ("twenty thousand leagues", 20_000, 2),
            ("a hundred and one dalmatians", 101, 4),
            ("one hundred one", 101, 3),
            ("two thousand and one", 2001, 4),
            ("two thousand one hundred", 2100, 4),
            ("three million", 3_000_000, 2),
            ("ten little owls", 10, 1),
            ("one two three", 1, 1),
            ("one and one", 1, 1),
            ("five hundred hats", 500, 2),
            ("fourty two", 42, 2),
            ("1984", 1984, 1),
            ("007", 7, 1),
        ],
    )
    def test_reads_the_longest_number(self, text: str, value: int, length: int) -> None:
        assert number_at(text.split(), 0) == Number(value, length)

    @pytest.mark.parametrize(
        ("text", "value", "length"),
        [
            *(("first love", 1, 1), ("1st", 1, 1), ("22nd", 22, 1), ("twenty first", 21, 2), ("twentieth", 20, 1)),
            *(("ninetieth", 90, 1), ("one hundred and first", 101, 4), ("twelfth night", 12, 1)),
        ],
    )
    def test_reads_places_in_an_order(self, text: str, value: int, length: int) -> None:
        assert number_at(text.split(), 0) == Number(value, length, is_ordinal=True)

    @pytest.mark.parametrize("text", ["owl", "a", "a cat", "and", "hundred", "st", "4x", "1234567890", "²"])
    def test_finds_none_in_other_words(self, text: str) -> None:
        assert number_at(text.split(), 0) is None

    @given(st.integers(0, 999))
    def test_reads_what_a_schoolbook_says(self, value: int) -> None:
        text = said(value).split()
        assert number_at(text, 0) == Number(value, len(text))

    @given(st.lists(words, min_size=1, max_size=8), st.data())
    def test_never_takes_more_words_than_there_are(self, text: list[str], data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(text) - 1))
        number = number_at(text, place)
        assert number is None or 1 <= number.length <= len(text) - place


class TestRomanNumerals:
    def test_are_those_of_the_table(self) -> None:
        assert len(ROMAN_NUMERALS) == 39
        table = {"i": 1, "iv": 4, "v": 5, "viii": 8, "ix": 9, "xiv": 14, "xix": 19, "xx": 20, "xxxix": 39}
        assert {numeral: ROMAN_NUMERALS[numeral] for numeral in table} == table
        assert {"mix", "civil", "iiii", "vv", "", "l"}.isdisjoint(ROMAN_NUMERALS)


class TestSpoken:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (1984, "nineteen eighty four"),
            (1066, "ten sixty six"),
            (1904, "one thousand nine hundred and four"),
            (2001, "two thousand and one"),
            (20_000, "twenty thousand"),
            (39, "thirty nine"),
            (5_000_000, "5000000"),
        ],
    )
    def test_reads_a_number_aloud(self, value: int, expected: str) -> None:
        assert " ".join(spoken(value)) == expected

    @given(st.integers(0, 999))
    def test_says_what_a_schoolbook_says(self, value: int) -> None:
        assert " ".join(spoken(value)) == said(value)

    @given(st.integers(0, 999_999))
    def test_is_read_back_as_the_same_number(self, value: int) -> None:
        assert number_at(spoken(value), 0) == Number(value, len(spoken(value)))


class TestSpokenPlace:
    @pytest.mark.parametrize(
        ("value", "expected"), [(1, "first"), (12, "twelfth"), (40, "fortieth"), (99, "ninety ninth"), (100, "100th")]
    )
    def test_reads_a_place_aloud(self, value: int, expected: str) -> None:
        assert " ".join(spoken_place(value)) == expected

    @given(st.integers(1, 99))
    def test_is_read_back_as_the_same_place(self, value: int) -> None:
        assert number_at(spoken_place(value), 0) == Number(value, len(spoken_place(value)), is_ordinal=True)
