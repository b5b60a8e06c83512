"""Tags decide who may see a book: checked on made tags, rule by rule, and on real books that everyone knows."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.audience.bands import AgeBand
from epicml.audience.tags import audience_of

GENRES = Path(__file__).parents[4] / "shared/data/goodbooks/genres.csv"
SHELF = tuple(
    f"tag-{number}" for number in range(10)
)  # so many say nothing of readers that one more may be an accident
CHILDREN = ("children", "childrens", "children-s-books", "childrens-books", "children-s-lit")
TEENS = ("ya", "teen", "young-adult", "ya-fiction", "teen-fiction", "ya-lit", "ya-books", "teens", "ya-fantasy")

BOOKS = {
    "The Very Hungry Caterpillar Board Book": "0-5",
    "Where the Wild Things Are": "0-5",
    "Goodnight Moon": "0-5",
    "Frog and Toad Are Friends (Frog and Toad, #1)": "6-8",
    "Dinosaurs Before Dark (Magic Tree House, #1)": "6-8",
    "Holes (Holes, #1)": "9-11",
    "Harry Potter and the Sorcerer's Stone (Harry Potter, #1)": "9-11",
    "Matilda": "9-11",
    "Charlotte's Web": "9-11",
    "The Lightning Thief (Percy Jackson and the Olympians, #1)": "9-11",
    "The Hobbit": "12-14",
    "The Giver (The Giver, #1)": "12-14",
    "Eragon (The Inheritance Cycle, #1)": "12-14",
    "The Absolutely True Diary of a Part-Time Indian": "15-17",
    "The Hunger Games (The Hunger Games, #1)": "15-17",
    "Fifty Shades Darker (Fifty Shades, #2)": "adult",
    "A Game of Thrones (A Song of Ice and Fire, #1)": "adult",
    "The Fannie Farmer Cookbook: Anniversary": "adult",
    "Go the Fuck to Sleep": "adult",
    "Lord of the Flies": "adult",
    "The Mammoth Hunters (Earth's Children, #3)": "adult",
    "The Gashlycrumb Tinies (The Vinegar Works, #1)": "adult",
    "Until Lilly (Until, #3)": "adult",
}


@pytest.fixture(scope="module")
def tags() -> dict[str, list[str]]:
    with GENRES.open(newline="") as file:
        return {row["title"].strip(): row["genres"].split(",") for row in csv.DictReader(file)}


class TestAudienceOf:
    @pytest.mark.parametrize(
        ("given_tags", "band", "level"),
        [
            ((), "adult", None),
            (("fantasy", *TEENS), "15-17", 10),
            (("ya", "young-adult"), "adult", None),
            (("middle-grade",), "adult", None),
            ((*CHILDREN, "childrens-picture-books"), "0-5", 1),
            ((*CHILDREN, "childrens-picture-books", "middle-grade"), "6-8", 2),
            ((*CHILDREN, "childrens-chapter-books", "middle-grade"), "6-8", 3),
            ((*CHILDREN, "childrens-chapter-books", *TEENS[:4]), "9-11", 4),
            ((*CHILDREN, "middle-grade"), "9-11", 5),
            ((*CHILDREN, "middle-grade", *TEENS[:6]), "9-11", 5),
            ((*CHILDREN, "middle-grade", *TEENS[:7]), "12-14", 7),
            ((*CHILDREN, "middle-grade", "adult-fiction"), "12-14", 7),
            (("children", "middle-grade", *TEENS[:5]), "15-17", 10),
            (("children", "middle-grade", "adult-fiction", *TEENS[:5]), "adult", None),
            (CHILDREN, "6-8", 2),
            ((*CHILDREN, "ya"), "9-11", 5),
            (CHILDREN[:2], "12-14", 7),
            ((*CHILDREN, "adult-fiction"), "adult", None),
            (("childrens", "fiction"), "adult", None),
            (("childrens", *TEENS[:3]), "15-17", 10),
        ],
    )
    def test_reads_the_tags_of_a_shelf(self, given_tags: tuple[str, ...], band: str, level: int | None) -> None:
        audience = audience_of([*SHELF, *given_tags])

        assert (audience.age_band.code, audience.reading_level) == (band, level)

    @pytest.mark.parametrize(
        ("headings", "band", "level"),
        [
            (("Picture books",), "0-5", 1),
            (("Board books", "Bears"), "0-5", 1),
            (("Bears -- Juvenile fiction", "Picture books"), "6-8", 2),
            (("Readers (Primary)",), "6-8", 3),
            (("JUVENILE FICTION / Animals / Bears",), "9-11", 5),
            (("Children's stories", "Bears", "Friendship", "Forest animals"), "9-11", 5),
            (("Children's books", "YA"), "12-14", 7),
            (("YA",), "15-17", 10),
            (("YOUNG ADULT FICTION / Dystopian", "Fantasy"), "15-17", 10),
            (("Children",), "adult", None),
            (("Fantasy", "Magic"), "adult", None),
            (("Kids", "Adult fiction"), "adult", None),
            (("Middle grade", "Adult fiction"), "12-14", 7),
            (("Picture books", "Erotica"), "adult", None),
            (("Ages 4-8",), "6-8", 2),
            (("Ages 9-12", "Picture books"), "9-11", 5),
            (("Ages 3-7", "Grades 3-5"), "9-11", 5),
            (("16+",), "adult", None),
            (("18+", "Picture books"), "adult", None),
            (("picture-books", "bears", "honey", "fiction"), "0-5", 1),
        ],
    )
    def test_reads_the_headings_of_a_record(self, headings: tuple[str, ...], band: str, level: int | None) -> None:
        audience = audience_of(headings)

        assert (audience.age_band.code, audience.reading_level) == (band, level)

    def test_says_what_it_was_told_from(self) -> None:
        assert audience_of(["Bears", "Kids", "Child care", "Picture books"]).headings == ("Kids", "Picture books")

    def test_does_not_take_young_adult_fiction_for_adult_fiction(self) -> None:
        assert audience_of([*CHILDREN, "middle-grade", "young-adult-fiction"]).age_band == AgeBand.AGES_9_TO_11

    def test_reads_tags_in_any_case_and_with_blanks(self) -> None:
        bands = {audience_of(tags).age_band for tags in ([" Picture  BOOKS"], ["picture-books"], ["Picture_Books"])}

        assert bands == {AgeBand.AGES_0_TO_5}

    @given(st.sets(st.sampled_from([*CHILDREN, *TEENS, "middle-grade", "children-picture-books", "adult-fiction"])))
    def test_never_lowers_the_band_for_a_tag_that_says_adult(self, some: set[str]) -> None:
        without = audience_of(some - {"adult-fiction"})

        assert audience_of(some | {"adult-fiction"}).age_band >= without.age_band


@pytest.mark.skipif(not GENRES.exists(), reason=f"the goodbooks data are not at {GENRES}")
class TestAudienceOfRealBooks:
    @pytest.mark.parametrize(("title", "band"), BOOKS.items())
    def test_places_a_well_known_book(self, tags: dict[str, list[str]], title: str, band: str) -> None:
        assert audience_of(tags[title]).age_band.code == band

    def test_keeps_every_book_without_a_childrens_tag_for_teenagers_at_least(self, tags: dict[str, list[str]]) -> None:
        others = [title for title, names in tags.items() if not any("child" in name for name in names)]

        assert {audience_of(tags[title]).age_band for title in others} == {AgeBand.AGES_15_TO_17, AgeBand.ADULT}
