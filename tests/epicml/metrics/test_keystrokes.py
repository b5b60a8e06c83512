"""Keystrokes saved and ranks while typing, counted by hand on small suggestion lists."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.metrics.keystrokes import type_out

# What is shown after each beginning of "matilda", best first.
SHOWN = {
    "m": ["moby dick", "middlemarch", "emma"],
    "ma": ["macbeth", "mansfield park", "matilda"],
    "mat": ["matilda", "matter"],
    "mati": [],
    "matil": ["matter", "matilda"],
}


def complete(typed: str) -> Sequence[str]:
    return SHOWN.get(typed, ["matilda"])


class TestTypeOut:
    def test_saves_the_letters_after_the_first_sight_of_the_target(self) -> None:
        typing = type_out("matilda", "matilda", complete)

        assert typing.found_at == 2
        assert typing.saved == pytest.approx(5 / 7)

    def test_notes_the_place_after_every_letter(self) -> None:
        typing = type_out("matilda", "matilda", complete)

        assert typing.reciprocal_ranks == (0, 1 / 3, 1, 0, 1 / 2, 1, 1)
        assert typing.mean_reciprocal_rank == pytest.approx((1 / 3 + 1 + 1 / 2 + 1 + 1) / 7)

    def test_sees_the_first_k_places_only(self) -> None:
        typing = type_out("matilda", "matilda", complete, k=1)

        assert typing.found_at == 3
        assert typing.saved == pytest.approx(4 / 7)
        assert typing.reciprocal_ranks == (0, 0, 1, 0, 0, 1, 1)

    def test_takes_ranks_for_the_first_letters_only(self) -> None:
        assert type_out("matilda", "matilda", complete, letters=3).reciprocal_ranks == (0, 1 / 3, 1)

    def test_types_on_for_a_target_that_comes_after_the_ranked_letters(self) -> None:
        typing = type_out("emma", "found late", lambda typed: ["found late"] if typed == "emm" else [], letters=1)

        assert (typing.found_at, typing.reciprocal_ranks) == (3, (0,))
        assert typing.saved == pytest.approx(1 / 4)

    def test_saves_nothing_where_the_target_is_shown_after_the_last_letter(self) -> None:
        typing = type_out("emma", "x", lambda typed: ["x"] if typed == "emma" else [])

        assert (typing.found_at, typing.saved) == (4, 0)

    def test_saves_nothing_where_the_target_is_never_shown(self) -> None:
        typing = type_out("matilda", "holes", complete)

        assert (typing.found_at, typing.saved, typing.mean_reciprocal_rank) == (None, 0, 0)
        assert len(typing.reciprocal_ranks) == 7

    def test_asks_once_for_each_beginning_and_no_more_than_it_needs(self) -> None:
        asked: list[str] = []

        def note(typed: str) -> Sequence[str]:
            asked.append(typed)
            return complete(typed)

        type_out("matilda", "matilda", note, letters=4)

        assert asked == ["m", "ma", "mat", "mati"]

    @given(st.text(min_size=1, max_size=20), st.integers(1, 25), st.integers(1, 25))
    def test_counts_for_any_text_the_letters_typed_before_the_target_is_shown(
        self, text: str, shown_from: int, letters: int
    ) -> None:
        typing = type_out(text, 1, lambda typed: [1] if len(typed) >= shown_from else [], letters=letters)

        assert typing.length == len(text)
        assert typing.found_at == (shown_from if shown_from <= len(text) else None)
        assert len(typing.reciprocal_ranks) == min(letters, len(text))
        assert 0 <= typing.saved < 1
