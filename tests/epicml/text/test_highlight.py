"""Ranges count characters as Python and `Array.from` in a page do: an emoji is one, an accent of its own is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.text.highlight import Highlighter, ranges_among, typed_ranges
from epicml.text.normalise import folded, word_spans, words

any_text = st.text(st.characters(), max_size=40)
# Letters that fold to none, one or two, and emoji of one to three characters; ½ is one sign that holds two words.
TRICKY = [*"abAeé'’ -ßÆ", "e\u0301", "🐉", "👩\u200d🚀", "1\ufe0f\u20e3"]
tricky_text = st.lists(st.sampled_from(TRICKY), max_size=14).map("".join)
trickier_text = st.lists(st.sampled_from([*TRICKY, "½"]), max_size=14).map("".join)


def marked(text: str, ranges: list[tuple[int, int]]) -> list[str]:
    return [text[start:end] for start, end in ranges]


def is_apart(text: str, ranges: list[tuple[int, int]]) -> bool:
    ends = [0, *(end for _, end in ranges)]
    return ends[-1] <= len(text) and all(done <= start < end for done, (start, end) in zip(ends, ranges, strict=False))


class TestTypedRanges:
    @pytest.mark.parametrize(
        ("text", "typed", "expected"),
        [
            ("The Hobbit", ["hobbit"], ["Hobbit"]),
            ("The Cat in the Hat", ["the", "hat"], ["the", "Hat"]),  # side by side, so not the first "The"
            ("The Cat in the Hat", ["hat", "cat"], ["Cat", "Hat"]),
            ("The Cat in the Hat", ["the"], ["The"]),
            ("The Hobbit", ["hobs"], []),
            ("The Hobbit", [], []),
            ("", ["hobbit"], []),
        ],
    )
    def test_mark_complete_words(self, text: str, typed: list[str], expected: list[str]) -> None:
        assert marked(text, typed_ranges(text, typed, is_open=False)) == expected

    @pytest.mark.parametrize(
        ("text", "typed", "expected"),
        [
            ("The Hobbit", ["hob"], ["Hob"]),
            ("The Hobbit", ["the", "h"], ["The", "H"]),
            ("The Hobbit", ["th", "hob"], ["Th", "Hob"]),  # every word may be unfinished
            ("The Thing", ["th", "the"], ["The", "Th"]),  # but a whole word is marked as a whole
            ("Hats for Hamsters", ["ha"], ["Ha"]),
        ],
    )
    def test_mark_the_typed_beginning_of_the_open_word(self, text: str, typed: list[str], expected: list[str]) -> None:
        assert marked(text, typed_ranges(text, typed, is_open=True)) == expected

    @pytest.mark.parametrize(
        ("text", "typed", "is_open", "expected"),
        [
            ("Café Noir", ["cafe"], False, [(0, 4)]),
            ("Cafe\u0301 Noir", ["cafe"], False, [(0, 5)]),
            ("Cafe\u0301s", ["cafe"], True, [(0, 5)]),
            ("Les Misérables", ["mise"], True, [(4, 8)]),
            ("It’s Élan", ["its"], False, [(0, 4)]),
            ("Don't Let", ["don"], True, [(0, 4)]),
            ("Don't Let", ["dont"], True, [(0, 5)]),
            ("Straße", ["stras"], True, [(0, 5)]),
            ("Ægir", ["a"], True, [(0, 1)]),
            ("O'Ægir", ["oa"], True, [(0, 3)]),
            ("हिन्दी", ["हनद"], False, [(0, 6)]),
        ],
    )
    def test_mark_letters_with_their_accents(
        self, text: str, typed: list[str], is_open: bool, expected: list[tuple[int, int]]
    ) -> None:
        assert typed_ranges(text, typed, is_open=is_open) == expected

    @pytest.mark.parametrize(
        ("text", "typed", "expected"),
        [
            ("🐉 Dragon 🐉 Day", ["dragon", "day"], [(2, 8), (11, 14)]),
            ("👩\u200d🚀 Space", ["space"], [(4, 9)]),
            ("1\ufe0f\u20e3 First", ["1"], [(0, 3)]),
            ("Cat🐈Dog", ["dog"], [(4, 7)]),
            ("🐉", ["dragon"], []),
        ],
    )
    def test_count_an_emoji_by_its_characters(
        self, text: str, typed: list[str], expected: list[tuple[int, int]]
    ) -> None:
        assert typed_ranges(text, typed, is_open=False) == expected

    @pytest.mark.parametrize(
        ("text", "typed", "expected"),
        [("Ranma ½", ["1", "2"], ["½"]), ("Ranma ½", ["2"], ["½"]), ("13½ Leben", ["13", "1", "2"], ["13", "½"])],
    )
    def test_mark_a_sign_that_holds_two_words_once(self, text: str, typed: list[str], expected: list[str]) -> None:
        assert marked(text, typed_ranges(text, typed, is_open=False)) == expected

    @given(any_text | trickier_text, any_text | trickier_text, st.booleans())
    def test_lie_apart_and_in_order_in_any_text(self, text: str, typed: str, is_open: bool) -> None:
        assert is_apart(text, typed_ranges(text, words(typed), is_open=is_open))
        assert is_apart(text, typed_ranges(text, words(text), is_open=is_open))

    @given(tricky_text, st.data())
    def test_hold_the_word_that_was_typed_and_nothing_else(self, text: str, data: st.DataObject) -> None:
        word = data.draw(st.sampled_from(words(text) or ["missing"]))

        found = marked(text, typed_ranges(text, [word], is_open=False))

        assert bool(found) == bool(words(text))
        assert all(words(part) == [word] for part in found)

    @given(tricky_text, st.data())
    def test_hold_what_was_typed_of_the_open_word_and_no_more_than_a_letter_that_unfolds(
        self, text: str, data: st.DataObject
    ) -> None:
        word = data.draw(st.sampled_from(words(text) or ["missing"]))
        typed = word[: data.draw(st.integers(1, len(word)))]

        found = marked(text, typed_ranges(text, [typed], is_open=True))

        assert bool(found) == bool(words(text))
        for part in found:
            assert folded(part).startswith(typed)
            assert len(folded(part)) <= len(typed) + 1


class TestRangesAmong:
    @given(trickier_text, st.booleans())
    def test_are_those_of_the_text_whose_words_were_found_before(self, text: str, is_open: bool) -> None:
        typed = words(text)[:2]

        assert ranges_among(word_spans(text), text, typed, is_open=is_open) == typed_ranges(
            text, typed, is_open=is_open
        )


class TestHighlighter:
    @pytest.mark.parametrize(
        ("text", "words", "expected"),
        [
            ("How to Train Your Dragon", ["dragons"], ["Dragon"]),
            ("Dragons, dragon! DRAGON’S", ["dragon"], ["Dragons", "dragon", "DRAGON’S"]),
            ("Fly, Flying, Flight", ["fly"], ["Fly", "Flying"]),
            ("🐉 Two Boys", ["boy"], ["Boys"]),
            ("Émile", ["emile"], ["Émile"]),
            ("The Lightning Thief", ["thi", "light"], ["Light", "Thi"]),
            ("A Light in the Lightning", ["light"], ["Light"]),
            ("Nothing here", ["dragon"], []),
            ("Nothing here", [], []),
        ],
    )
    def test_are_every_form_of_a_word_or_its_beginning_where_none_is(
        self, text: str, words: list[str], expected: list[str]
    ) -> None:
        (ranges,) = Highlighter.of(words).ranges([text])
        assert marked(text, ranges) == expected

    def test_are_no_beginnings_where_another_text_of_the_book_has_the_word(self) -> None:
        assert Highlighter.of(["light"]).ranges(["Lightning", "Ann Light"]) == [[], [(4, 9)]]

    @given(any_text | trickier_text, st.sets(st.sampled_from(["a", "b", "1", "2", "ae"])))
    def test_lie_apart_and_in_order_in_any_text(self, text: str, asked: set[str]) -> None:
        (ranges,) = Highlighter.of(asked).ranges([text])
        assert is_apart(text, ranges)
