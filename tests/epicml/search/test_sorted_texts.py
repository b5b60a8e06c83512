import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.search.sorted_texts import SortedTexts, entry
from tests.epicml.search.interpreter import edits_between

TEXTS = st.lists(st.text("ab_é物", min_size=1, max_size=6), max_size=12)


def sorted_texts(texts: list[str]) -> SortedTexts:
    return SortedTexts(entry(text, row) for row, text in enumerate(texts))


class TestSortedTexts:
    @given(TEXTS, st.text("ab_é物", min_size=1, max_size=4))
    def test_finds_what_looking_at_every_text_finds(self, texts: list[str], asked: str) -> None:
        held = sorted_texts(texts)
        assert set(held.equal(asked).tolist()) == {row for row, text in enumerate(texts) if text == asked}
        assert set(held.starting(asked).tolist()) == {row for row, text in enumerate(texts) if text.startswith(asked)}

    @given(TEXTS, st.text("ab_é物", min_size=1, max_size=5), st.integers(0, 2))
    def test_finds_every_text_within_the_edits(self, texts: list[str], asked: str, edits: int) -> None:
        held = sorted_texts(texts)
        whole = {row for row, text in enumerate(texts) if edits_between(asked, text) <= edits}
        begun = {
            row
            for row, text in enumerate(texts)
            if any(edits_between(asked, text[:length]) <= edits for length in range(1, len(text) + 1))
        }
        assert set(held.near(asked, edits=edits, whole=True).tolist()) == whole
        assert set(held.near(asked, edits=edits).tolist()) == begun

    def test_refuses_more_edits_than_it_can_look_for(self) -> None:
        with pytest.raises(ValueError, match="edits must be from 0 to 2, not 3"):
            sorted_texts(["owl"]).near("owl", edits=3)

    def test_holds_a_text_once_for_any_number_of_rows(self) -> None:
        held = SortedTexts([entry("owl", 5), entry("owl", 2), entry("owl", 5), entry("fox", 1)])
        assert held.equal("owl").tolist() == [2, 5]
        assert list(held.texts()) == ["fox", "owl"]
