import pytest

from apps.catalog.selectors.books import BookCard
from apps.recommendations.services.lists.reasons import of_source
from epicml.audience.bands import AgeBand


def card(age_band: AgeBand) -> BookCard:
    return BookCard(
        id=1,
        key="gemma",
        title="The Flight of Gemma Hardy",
        authors=("Margot Livesey",),
        series=None,
        series_number=None,
        age_band=age_band,
        reading_level=None,
        language="en",
        year=2012,
        genres=(),
        popularity=1,
        average_rating=None,
    )


class TestOfSource:
    def test_names_the_book_that_spoke(self) -> None:
        reason = of_source("item_knn", card(AgeBand.AGES_6_TO_8), age_band=AgeBand.AGES_6_TO_8)

        assert (reason.text, reason.book_key) == ("Because you read The Flight of Gemma Hardy", "gemma")

    @pytest.mark.parametrize("source", ["series", "author", "item_knn", "popularity"])
    def test_never_names_a_book_above_the_age_band(self, source: str) -> None:
        reason = of_source(source, card(AgeBand.ADULT), age_band=AgeBand.AGES_15_TO_17)

        assert reason.book_key is None
        assert "Gemma" not in reason.text
