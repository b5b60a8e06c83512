"""Headings as libraries, booksellers and readers write them: those that name an audience, and those that seem to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.audience.bands import AgeBand
from epicml.audience.headings import heading_of
from epicml.audience.starting_age import starting_age
from epicml.audience.tags import audience_of

ALONE = {
    # shelf tags of readers
    "kids": "9-11",
    "Childrens": "9-11",
    "children-s-books": "9-11",
    "Children’s Literature": "9-11",
    "favorite-childrens-books": "9-11",
    "kids-fiction": "9-11",
    "kidlit": "9-11",
    "picture-books": "0-5",
    "children-s-picture-books": "0-5",
    "board-books": "0-5",
    "early-readers": "6-8",
    "childrens-chapter-books": "6-8",
    "middle-grade": "9-11",
    "middle-grade-fantasy": "9-11",
    "newbery-award-winners": "9-11",
    "juvenile": "9-11",
    "juvenile-fiction": "9-11",
    "junior-fiction": "9-11",
    "children-young-adult": "12-14",
    "ya": "15-17",
    "YA": "15-17",
    "to-read-ya": "15-17",
    "ya-fantasy": "15-17",
    "teen": "15-17",
    "teen-fiction": "15-17",
    "Young Adult": "15-17",
    "young-adult-fiction": "15-17",
    "tween": "9-11",
    "Young Adult (YA)": "15-17",
    "Kids/Young Adult": "12-14",
    "Kids / Fantasy": "9-11",
    "YA / Romance": "15-17",
    "lgbtq-ya": "15-17",
    "First chapter books": "6-8",
    "Bilingual picture books": "0-5",
    # BISAC
    "JUVENILE FICTION / General": "9-11",
    "Juvenile Nonfiction / Animals / Dinosaurs & Prehistoric Creatures": "9-11",
    "JUVENILE FICTION / Readers / Chapter Books": "6-8",
    "Juvenile Fiction > Fantasy": "9-11",
    "Juvenile Fiction : Action & Adventure": "9-11",
    "Juvenile Fiction - General": "9-11",
    "JUV001000": "9-11",
    "JNF003000": "9-11",
    "YOUNG ADULT FICTION / Dystopian": "15-17",
    "Young Adult Nonfiction / Careers": "15-17",
    "YAF015000": "15-17",
    # Library of Congress and those who copy from it
    "Dragons -- Juvenile fiction": "9-11",
    "Dragons--Juvenile fiction.": "9-11",
    "Dragons — Juvenile literature": "9-11",
    "Dragons$vJuvenile poetry": "9-11",
    "Dragons / Juvenile fiction": "9-11",
    "Juvenile literature": "9-11",
    "Juvenile works. fast (OCoLC)fst01411637": "9-11",
    "Children's stories": "9-11",
    "Children's stories, English": "9-11",
    "Children's poetry, American": "9-11",
    "Picture books": "0-5",
    "Picture books. lcgft": "0-5",
    "Picture books for children": "0-5",
    "Board books": "0-5",
    "Toy and movable books": "0-5",
    "Nursery rhymes": "0-5",
    "Readers (Primary)": "6-8",
    "Young adult fiction": "15-17",
    "Young adult literature": "15-17",
    "Girls -- Juvenile fiction -- Comic books, strips, etc.": "9-11",
    # Thema, Dewey
    "5AC": "0-5",
    "5AG": "6-8",
    "5AK": "9-11",
    "5AN": "12-14",
    "5AQ": "15-17",
    "YB": "0-5",
    "YBC": "0-5",
    "YFB": "12-14",
    "[E]": "6-8",
    "[Fic]": "12-14",
    "813.54 [Fic]": "12-14",
    "[E]--dc23": "6-8",
    "J PIC": "0-5",
    "j599.7": "9-11",
    # ages and school years
    "Ages 9-12": "9-11",
    "Age 6+": "6-8",
    "Ages 0-3": "0-5",
    "12 and up": "12-14",
    "8 years and up": "9-11",
    "Grades 3-5": "9-11",
    "Grades K-2": "6-8",
    "Children: Grades 4-6": "9-11",
    "Books > Children's Books > Ages 6-8": "6-8",
    "ab 6 Jahren": "6-8",
    "Children (Ages 5-8)": "6-8",
    "Interest level: K-3": "6-8",
    "Reading age 7-9": "9-11",
    # other languages
    "Kinderbuch": "9-11",
    "Bilderbücher": "0-5",
    "Jugendbuch": "15-17",
    "Littérature jeunesse": "9-11",
    "Literatura infantil": "9-11",
    "Dragones -- Literatura juvenil": "15-17",
    "Livres pour enfants": "9-11",
    "Libros para niños": "9-11",
    "Детская литература": "9-11",
    "児童文学": "9-11",
    "絵本": "0-5",
    "أدب الأطفال": "9-11",
}  # fmt: skip

SUBJECTS = (
    "Child murder", "Missing children", "Kidnapping of children", "Child molesters", "Children -- Crimes against",
    "Child rearing", "Childbirth", "Parent and child", "Childhood memoir", "child abuse", "Child psychology",
    "Children", "child", "Children of alcoholics", "Adult children of dysfunctional families", "Childlessness",
    "Children -- Fiction", "Children in art", "Children's rights", "Children's hospitals", "Children's crusade",
    "Childhood classics", "Fairchild family", "Grandchildren", "Children's literature -- History and criticism",
    "Children's stories -- Authorship", "Picture books for children -- Bibliography", "Picture books -- Prices",
    "LITERARY CRITICISM / Children's & Young Adult Literature", "Education / Children's books",
    "Writing children's books", "Children's book illustrators", "Children and violence", "Children and war",
    "Juvenile delinquency", "Juvenile justice", "Juvenile delinquents -- Fiction", "Juvenile courts / Law",
    "TRUE CRIME / Juvenile delinquents", "Teenage pregnancy", "Teenagers", "Teenagers -- Suicidal behavior",
    "Young adults", "Young women -- Crimes against", "Youth and death", "Kids who kill", "Kidnapping", "Kidney failure",
    "School shootings", "Middle school teachers", "Early childhood education", "Kindergarten teachers",
    "Preschool children -- Abuse", "Toddlers", "Babysitters", "Nursery schools", "Picture brides", "Board games",
    "Yahoo", "yacht racing", "Malaya", "Chapter 11 bankruptcy", "Newbery, John", "Caldecott, Randolph, 1846-1886",
    "Picture books for adults", "adult picture books", "9/11", "9 to 5", "1984", "24", "World War, 1939-1945",
    "12 steps", "Area 51", "Grade inflation", "Age discrimination", "J. K. Rowling", "E", "J", "5A", "Y",
    "Literatura infantil -- Historia y crítica", "Kindesmissbrauch", "Kindermord", "Enfants maltraités",
    "Boy soldiers",
    "Girls", "Incest", "Harry Potter", "Kids: safety", "Kids > Crimes",
    "Children / Crimes against", "Crimes (ages 8-12)", "Children (Abuse)", "Teens: Suicide", "Children: Health",
    "", " ", "-", "--", "/",
)  # fmt: skip


class TestHeadingOf:
    @pytest.mark.parametrize(("heading", "band"), ALONE.items())
    def test_names_an_audience_by_itself(self, heading: str, band: str) -> None:
        assert audience_of([heading]).age_band.code == band
        assert audience_of([heading, "Friendship"]).age_band.code == band

    @pytest.mark.parametrize("heading", SUBJECTS)
    def test_says_nothing_where_it_names_a_subject(self, heading: str) -> None:
        assert audience_of([heading]).age_band is AgeBand.ADULT
        assert audience_of([heading, "Fiction"]).age_band is AgeBand.ADULT

    @pytest.mark.parametrize(
        "study",
        ["Children's stories -- History and criticism", "History and criticism", "Literary criticism / Children"],
    )
    def test_takes_a_study_for_adults_whatever_else_is_said(self, study: str) -> None:
        assert audience_of(["Picture books", "Juvenile fiction", "kids", study]).age_band is AgeBand.ADULT

    def test_says_nothing_where_all_subjects_come_together(self) -> None:
        assert audience_of(SUBJECTS).age_band is AgeBand.ADULT

    @given(st.text(max_size=60))
    def test_reads_any_text(self, text: str) -> None:
        heading_of(text)

    @given(
        st.sampled_from(["child", "children", "kid", "juvenile", "young adult", "teen", "picture", "baby"]),
        st.from_regex(r"[a-z]{2,12}", fullmatch=True),
    )
    def test_never_tells_an_audience_from_a_word_it_does_not_know(self, word: str, other: str) -> None:
        known = audience_of([f"{word} {other}"]).age_band is not AgeBand.ADULT

        assert not known or audience_of([f"{word} {other}x{other}"]).age_band is AgeBand.ADULT


class TestStartingAge:
    @pytest.mark.parametrize(
        ("text", "age"),
        [("ages 9 to 12", 9), ("age 10", 10), ("7 - 9 years old", 7), ("10+", 10), ("grade 1", 6), ("pre-k", None),
         ("grade k", 5), ("grades k-3", 5), ("gr. 7 and up", 12), ("dès 4 ans", 4), ("9", None), ("9-11", None),
         ("aged care", None)],
    )  # fmt: skip
    def test_is_the_lowest_that_is_named(self, text: str, age: int | None) -> None:
        assert starting_age(text) == age
