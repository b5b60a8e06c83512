# ruff: noqa: RUF001
import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.text.normalise import (
    has_words,
    is_unspaced,
    main_title,
    normal_form,
    series_of,
    typed_form,
    word_spans,
    words,
)

GOODBOOKS = Path(__file__).parents[4] / "shared" / "data" / "goodbooks" / "books.csv"


class TestNormalForm:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Les Misérables", "les_miserables"),
            ("Don’t Let the Pigeon Drive the Bus!", "dont_let_the_pigeon_drive_the_bus"),
            ("STRASSE straße", "strasse_strasse"),
            ("Smørrebrød på dansk", "smorrebrod_pa_dansk"),
            ("Łódź", "lodz"),
            ("snake_case", "snake_case"),
            ("１９８４", "1984"),
            ("e\u0301cole", "ecole"),
            ("Die 13½ Leben", "die_13_1_2_leben"),
            ("Pride & Prejudice", "pride_and_prejudice"),
            ("R＆B", "r_and_b"),
            ("cro\u00adco\u200bdi\u2060le\ufeff", "crocodile"),
            ("no\u00a0break\u202fspace", "no_break_space"),
            ("\u202eright\u202c", "right"),
            ("\u3164", ""),
            ("\u0661\u0669\u0668\u0664", "1984"),
            ("१९८४", "1984"),
            ("ハリー", "はりー"),
            ("ﾊﾘｰ", "はりー"),
            ("3年B組", "3_年_b_組"),
            ("أإآٱ", "اااا"),
            ("قطة على", "قطه_علي"),
            ("كِتَاب كتـاب", "كتاب_كتاب"),
            ("گربه ی", "گربه_ي"),
            ("...", ""),
            ("", ""),
        ],
    )
    def test_reads_what_a_reader_would_take_for_equal_as_equal(self, text: str, expected: str) -> None:
        assert normal_form(text) == expected

    @given(st.text(st.characters()))
    def test_is_its_own_normal_form(self, text: str) -> None:
        assert normal_form(normal_form(text)) == normal_form(text)

    @given(st.text())
    def test_holds_words_and_single_underscores_only(self, text: str) -> None:
        normal = normal_form(text)
        assert all(word.isalnum() for word in normal.split("_") if normal)

    @given(st.text(), st.text())
    def test_reads_two_texts_side_by_side_as_the_words_of_both(self, left: str, right: str) -> None:
        assert words(f"{left} {right}") == words(left) + words(right)


class TestHasWords:
    @pytest.mark.parametrize("text", ["a", "7", "物", "ق", "½", "№", " a ", "&a"])
    def test_sees_a_letter_or_a_digit(self, text: str) -> None:
        assert has_words(text)

    @pytest.mark.parametrize(
        "text", ["", " ", "&", "＆﹠", "\\", "\N{GRINNING FACE}", "\u200b", "\u3164", "\0", "_", "'", "e"[1:]]
    )
    def test_sees_nothing_in_signs(self, text: str) -> None:
        assert not has_words(text)


class TestIsUnspaced:
    @pytest.mark.parametrize("word", ["物語", "はりー", "แมว", "ແມວ", "ខ្មែរ", "မြန်မာ", "\U00020000"])
    def test_is_a_word_of_a_script_without_gaps(self, word: str) -> None:
        assert all(is_unspaced(part) for part in words(word))

    @pytest.mark.parametrize("word", ["owl", "قطه", "слон", "1984", "한국", ""])
    def test_is_no_other_word(self, word: str) -> None:
        assert not is_unspaced(word)


class TestTypedForm:
    @pytest.mark.parametrize(
        ("typed", "expected"),
        [("the ", "the_"), ("the-", "the_"), ("dragon's", "dragons"), ("the'", "the"), ("e\u0301", "e"), ("  ", "")],
    )
    def test_says_whether_the_last_word_is_complete(self, typed: str, expected: str) -> None:
        assert typed_form(typed) == expected


class TestWordSpans:
    @given(st.text())
    def test_finds_the_words_in_order(self, text: str) -> None:
        spans = word_spans(text)
        assert [span.text for span in spans] == words(text)
        assert all(0 <= span.start < span.end <= len(text) for span in spans)
        assert [span.start for span in spans] == sorted(span.start for span in spans)

    def test_ends_a_word_after_the_accents_of_its_last_letter(self) -> None:
        assert [(span.start, span.end) for span in word_spans("Cafe\u0301 1\ufe0f\u20e3")] == [(0, 5), (6, 9)]

    @given(st.text(alphabet="aé'’ -_1", max_size=40))
    def test_reads_the_same_word_at_the_place_it_names(self, text: str) -> None:
        assert all(words(text[span.start : span.end]) == [span.text] for span in word_spans(text))


class TestSeriesOf:
    @pytest.mark.parametrize(
        ("title", "main", "series"),
        [
            ("The Hunger Games (The Hunger Games, #1)", "The Hunger Games", ("The Hunger Games", 1.0)),
            ("To Green Angel Tower (Memory, Sorrow, and Thorn, #3; Part 1)", "To Green Angel Tower",
             ("Memory, Sorrow, and Thorn", 3.0)),
            ("Dream Chaser (Dark-Hunter #13, Dream-Hunter #3)", "Dream Chaser", ("Dark-Hunter", 13.0)),
            ("Fire (Graceling Realm, #0.5)", "Fire", ("Graceling Realm", 0.5)),
            ("The Uglies Trilogy (Uglies, #1-3)", "The Uglies Trilogy", ("Uglies", None)),
            ("Just Me and My Dad (Little Critter)", "Just Me and My Dad (Little Critter)", None),
            ("Saga #1", "Saga #1", None),
            ("(#1)", "(#1)", None),
        ],
    )  # fmt: skip
    def test_reads_the_note_at_the_end(self, title: str, main: str, series: tuple[str, float | None] | None) -> None:
        assert main_title(title) == main
        assert series_of(title) == series

    @given(st.text(alphabet="(#1,;) aé", max_size=60))
    def test_always_leaves_a_title(self, title: str) -> None:
        assert bool(main_title(title)) == bool(title)

    @pytest.mark.skipif(not GOODBOOKS.exists(), reason="goodbooks is not there")
    def test_reads_every_note_of_goodbooks(self) -> None:
        with GOODBOOKS.open(encoding="utf-8", newline="") as file:
            titles = [row["title"] for row in csv.DictReader(file)]
        noted = [title for title in titles if title.endswith(")") and "#" in title.rsplit("(", 1)[-1]]
        assert len(noted) > 4000
        unread = [title for title in noted if series_of(title) is None]
        assert len(unread) <= 30, unread[:20]
