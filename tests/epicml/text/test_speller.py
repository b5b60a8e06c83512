"""The nearest known words, with costs counted by hand and by a second measure of edits."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.text.phonetics import phonetic_key
from epicml.text.speller import Speller, Spelling

KNOWN = ["dragon", "dragons", "wagon", "physics", "harry", "hobbit", "rabbit", "light", "owl", "42"]
known_words = st.lists(st.text("abcelrt", min_size=1, max_size=7), min_size=1, max_size=12, unique=True)
typed_words = st.text("abcelrt", min_size=1, max_size=7)


def edits(one: str, other: str) -> int:
    """Letters put in, left out, changed, or swapped with their neighbour: the table of the textbook."""
    table = [[row + column for column in range(len(other) + 1)] for row in range(len(one) + 1)]
    for row in range(1, len(one) + 1):
        for column in range(1, len(other) + 1):
            changed = table[row - 1][column - 1] + (one[row - 1] != other[column - 1])
            table[row][column] = min(table[row - 1][column] + 1, table[row][column - 1] + 1, changed)
            if row > 1 and column > 1 and one[row - 2 : row] == other[column - 2 : column][::-1]:
                table[row][column] = min(table[row][column], table[row - 2][column - 2] + 1)
    return table[-1][-1]


def is_near(typed: str, word: str) -> bool:
    """One letter from four on, two from eight; where it sounds the same, six of ten."""
    letters, sounds = edits(typed, word), edits(phonetic_key(typed), phonetic_key(word))
    most = 0 if len(typed) < 4 else 1 if len(typed) < 8 else 2
    sounds_alike = sounds == 0 and len(phonetic_key(typed)) > 1 and letters <= 0.6 * max(len(typed), len(word))
    return letters <= most or (most > 0 and sounds_alike)


def cost(typed: str, word: str) -> float:
    return edits(typed, word) + edits(phonetic_key(typed), phonetic_key(word)) + (typed[0] != word[0])


@pytest.fixture(scope="module")
def speller() -> Speller:
    return Speller(KNOWN)


class TestNearest:
    @pytest.mark.parametrize(
        ("typed", "word", "expected"),
        [
            ("dragon", "dragon", 0),
            ("dragin", "dragon", 2),  # one letter, and g before i sounds like j
            ("dragun", "dragon", 1),  # one letter; it sounds the same
            ("dargon", "dragon", 2),  # two letters swapped, and "dRgn" for "drgn"
            ("hary", "harry", 1),
            ("hobit", "hobbit", 1),
            ("fisiks", "physics", 5),  # ph-f is 2, y-i and c-k are 2, and another first letter; the sound is the same
            ("lite", "light", 3),
            ("rabit", "rabbit", 1),
            ("oowl", "owl", 1),  # one letter; it sounds the same
            ("42", "42", 0),
        ],
    )
    def test_puts_the_word_that_was_meant_first(self, speller: Speller, typed: str, word: str, expected: float) -> None:
        assert speller.nearest(typed, limit=1) == [Spelling(word, expected)]

    def test_orders_by_cost_and_equal_ones_as_they_are_known(self) -> None:
        found = Speller(["tarts", "cars", "cats", "cast"]).nearest("carts", limit=9)

        # By letters 1, 1 and 1, and 2 for "cast", which is too far; by sound "TRts", "kRs", "kts" for "kRts".
        assert found == [Spelling("cars", 2), Spelling("cats", 2), Spelling("tarts", 3)]

    def test_gives_no_more_than_asked(self, speller: Speller) -> None:
        assert [len(speller.nearest("dragon", limit=limit)) for limit in (1, 2)] == [1, 2]

    def test_finds_nothing_that_shares_no_letters_and_no_sound(self, speller: Speller) -> None:
        assert speller.nearest("vvv", limit=5) == []

    def test_finds_nothing_among_no_words(self) -> None:
        assert Speller([]).nearest("owl", limit=3, is_open=True) == []

    @given(known_words, typed_words)
    def test_costs_what_a_second_measure_says(self, known: list[str], typed: str) -> None:
        found = Speller(known).nearest(typed, limit=30)

        assert [spelling.cost for spelling in found] == sorted(cost(typed, spelling.word) for spelling in found)
        assert all(spelling.cost == cost(typed, spelling.word) for spelling in found)

    @given(known_words, typed_words)
    def test_finds_the_nearest_of_all_words_with_the_same_first_letter(self, known: list[str], typed: str) -> None:
        alike = [cost(typed, word) for word in known if word[0] == typed[0] and is_near(typed, word)]

        found = Speller(known).nearest(typed, limit=1)

        assert not alike or found[0].cost <= min(alike)

    @given(known_words, typed_words)
    def test_finds_no_word_that_is_too_far(self, known: list[str], typed: str) -> None:
        assert all(is_near(typed, found.word) for found in Speller(known).nearest(typed, limit=30))

    @pytest.mark.parametrize(
        ("typed", "known", "expected"),
        [
            ("cot", "cat", []),  # below four letters none
            ("cots", "cats", ["cats"]),
            ("mots", "cats", []),  # two letters of four, and another sound
            ("katz", "cats", ["cats"]),  # two letters of four, but the same sound
            ("hobiit", "hobbit", ["hobbit"]),
            ("hobiits", "hobbles", []),  # three letters of seven
            ("elefents", "elephants", ["elephants"]),
            ("elkvant", "elephants", []),
            ("minecraft", "lovecraft", []),
            ("zzzz", "zoo", []),  # alike in sound, but hardly a letter is right
            ("1985", "1984", []),  # of a number none
        ],
    )
    def test_forgives_so_many_letters_and_any_that_sound_the_same(
        self, typed: str, known: str, expected: list[str]
    ) -> None:
        assert [found.word for found in Speller([known]).nearest(typed, limit=1)] == expected

    @given(known_words, st.data())
    def test_finds_every_known_word_itself(self, known: list[str], data: st.DataObject) -> None:
        word = data.draw(st.sampled_from(known))

        assert Speller(known).nearest(word, limit=1) == [Spelling(word, 0)]

    @given(st.text(st.characters(), min_size=1, max_size=30), st.booleans())
    def test_takes_any_text_for_a_word(self, text: str, is_open: bool) -> None:
        found = Speller(KNOWN).nearest(text, limit=3, is_open=is_open)

        assert {spelling.word for spelling in found} <= set(KNOWN)


class TestNearestOfAnOpenWord:
    @pytest.mark.parametrize(("typed", "word"), [("drag", "dragon"), ("drogo", "dragon"), ("phisi", "physics")])
    def test_finds_a_longer_word_that_begins_like_it(self, speller: Speller, typed: str, word: str) -> None:
        assert speller.nearest(typed, limit=1, is_open=True)[0].word == word

    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("drag", 1.0),  # the beginning as it is written, and 1 for what is still to come
            ("drog", 2.6),  # one letter at 1.6
            ("trag", 3.6),  # and another first letter
        ],
    )
    def test_counts_the_beginning_only(self, typed: str, expected: float) -> None:
        (found,) = Speller(["dragonflies"]).nearest(typed, limit=1, is_open=True)

        assert found.cost == pytest.approx(expected)

    @given(known_words, typed_words)
    def test_never_costs_more_than_the_same_word_complete(self, known: list[str], typed: str) -> None:
        speller = Speller(known)
        complete = dict(speller.nearest(typed, limit=30))

        still_open = dict(speller.nearest(typed, limit=30, is_open=True))

        assert all(still_open[word] <= complete[word] for word in complete)

    @given(known_words, typed_words)
    def test_finds_what_begins_as_typed(self, known: list[str], typed: str) -> None:
        begin = [word for word in known if word.startswith(typed) and word != typed]

        found = dict(Speller(known).nearest(typed, limit=30, is_open=True))

        assert all(found[word] <= 1 for word in begin)


class TestArrays:
    @pytest.mark.parametrize("is_open", [False, True])
    @pytest.mark.parametrize("known", [KNOWN, ["owl"], [], ["éö", "слон", "象"]], ids=["ten", "one", "none", "scripts"])
    def test_hold_everything_that_is_known(self, known: list[str], is_open: bool, tmp_path: Path) -> None:
        np.savez(tmp_path / "speller.npz", **Speller(known).arrays())  # type: ignore[arg-type]

        with np.load(tmp_path / "speller.npz", allow_pickle=False) as stored:
            loaded = Speller.from_arrays(dict(stored))

        assert loaded.known == known
        for typed in [*known, "dragin", "fisiks", "hob", "x"]:
            asked = Speller(known).nearest(typed, limit=5, is_open=is_open)
            assert loaded.nearest(typed, limit=5, is_open=is_open) == asked

    def test_are_equal_for_equal_words(self) -> None:
        one, other = Speller(KNOWN).arrays(), Speller(list(KNOWN)).arrays()

        assert list(one) == list(other)
        assert all(one[name].tobytes() == other[name].tobytes() for name in one)

    def test_are_the_same_after_a_round_trip(self) -> None:
        once = Speller(KNOWN).arrays()

        twice = Speller.from_arrays(once).arrays()

        assert all(np.array_equal(once[name], twice[name]) for name in once)
