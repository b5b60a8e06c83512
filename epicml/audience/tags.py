"""What genre tags say about who a book is for.

Tags are words that readers put on a book ("children-s-picture-books", "ya-fantasy"). How many of them speak of an age
tells how sure they are; which ones name a stage (picture book, chapter book, middle grade) tells the age itself.
The rule fails shut: where tags are few or disagree, the book goes to the older band.

1. No children's tag: adult.
2. A tag that says "for adults": adult, unless a stage is named too; then one band above what rule 4 or 5 says.
3. A single children's tag and no stage: 15-17 when at least three tags speak of teenagers, else adult. (Books *about*
   children have just one: "The Mammoth Hunters" is of the series "Earth's Children".)
4. By stage, the youngest named: picture book 0-5; chapter book, or a picture book also tagged middle grade, 6-8;
   middle grade 9-11. A chapter book with four tags of teenagers counts as middle grade.
5. Without a stage: 6-8 with five children's tags and none of teenagers, 9-11 with five and fewer of teenagers,
   else 12-14.
6. From chapter books and rule 5 on, where tags of teenagers outnumber those of children: at least 12-14, and 15-17 when
   they are more than twice as many.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from epicml.audience.bands import AgeBand

CHILDREN = re.compile(r"child")
PICTURE_BOOK = re.compile(r"picture-?book|caldecott")
CHAPTER_BOOK = re.compile(r"chapter-?book|early-?reader")
MIDDLE_GRADE = re.compile(r"middle-?grade|juvenile|junior-fiction|newbery")
TEENAGERS = re.compile(r"(^|-)ya(-|$)|young-adult|teen")
ADULTS = re.compile(r"^(new-)?adult(-|$)|erotic|^dark-romance$|^vaginal-fantasy$")

PATTERNS = (CHILDREN, PICTURE_BOOK, CHAPTER_BOOK, MIDDLE_GRADE, TEENAGERS, ADULTS)  # in the order of _Evidence

CONFIDENT = 5  # so many children's tags are no accident
TEENAGE_CHAPTER_BOOK = 4
TEENAGE_BY_ACCIDENT = 3


@dataclass(frozen=True, slots=True)
class TagAudience:
    """For whom a book is: its age band, and its reading level as a school year from 1 to 12 where that says more."""

    age_band: AgeBand
    reading_level: int | None


@dataclass(frozen=True, slots=True)
class _Evidence:
    """How many tags speak of each thing."""

    children: int
    picture_book: int
    chapter_book: int
    middle_grade: int
    teenagers: int
    adults: int

    @property
    def names_a_stage(self) -> bool:
        return bool(self.picture_book or self.chapter_book or self.middle_grade)


LEVELS = {
    AgeBand.AGES_0_TO_5: 1,
    AgeBand.AGES_6_TO_8: 2,
    AgeBand.AGES_9_TO_11: 5,
    AgeBand.AGES_12_TO_14: 7,
    AgeBand.AGES_15_TO_17: 10,
}
CHAPTER_BOOK_LEVELS = {AgeBand.AGES_6_TO_8: 3, AgeBand.AGES_9_TO_11: 4}


def audience_of(tags: Collection[str]) -> TagAudience:
    """For whom a book with these tags is.

    Args:
        tags: genre tags in any case, words joined by "-" or blanks; their order does not matter.

    Returns:
        The age band, and a reading level from 1 to 12: the school year in which such books are usually read, 3 or 4 for
        chapter books; None for adults, for whom tags say nothing about it.

    Source: our own rule for the tags of goodbooks-10k, of whose 10,000 books 1,475 carry a children's tag.

    >>> audience_of(["children", "childrens-books", "children-s-picture-books", "animals"])
    TagAudience(age_band=<AgeBand.AGES_0_TO_5: 0>, reading_level=1)
    >>> audience_of(["fantasy", "young-adult", "teen"])
    TagAudience(age_band=<AgeBand.ADULT: 5>, reading_level=None)
    """
    evidence = _evidence({tag.strip().lower().replace(" ", "-") for tag in tags})
    band = _age_band(evidence)
    return TagAudience(band, _reading_level(band, evidence))


def _evidence(tags: Collection[str]) -> _Evidence:
    said = [_said(tag) for tag in tags]
    return _Evidence(*(sum(row[place] for row in said) for place in range(len(PATTERNS))))


@lru_cache(maxsize=10_000)  # a catalogue has some hundred tags on ten thousand books
def _said(tag: str) -> tuple[bool, ...]:
    return tuple(pattern.search(tag) is not None for pattern in PATTERNS)


def _age_band(evidence: _Evidence) -> AgeBand:
    if not evidence.children or (evidence.adults and not evidence.names_a_stage):
        return AgeBand.ADULT
    if evidence.children == 1 and not evidence.names_a_stage:
        return AgeBand.AGES_15_TO_17 if evidence.teenagers >= TEENAGE_BY_ACCIDENT else AgeBand.ADULT
    band = _by_stage(evidence) if evidence.names_a_stage else _by_numbers(evidence)
    if not evidence.picture_book:
        band = max(band, _by_teenagers(evidence))
    return AgeBand(band + 1) if evidence.adults else band


def _by_stage(evidence: _Evidence) -> AgeBand:
    if evidence.picture_book:
        return AgeBand.AGES_6_TO_8 if evidence.middle_grade else AgeBand.AGES_0_TO_5
    if evidence.chapter_book and evidence.teenagers < TEENAGE_CHAPTER_BOOK:
        return AgeBand.AGES_6_TO_8
    return AgeBand.AGES_9_TO_11


def _by_numbers(evidence: _Evidence) -> AgeBand:
    if evidence.children >= CONFIDENT and not evidence.teenagers:
        return AgeBand.AGES_6_TO_8
    if evidence.children >= CONFIDENT and evidence.teenagers < evidence.children:
        return AgeBand.AGES_9_TO_11
    return AgeBand.AGES_12_TO_14


def _by_teenagers(evidence: _Evidence) -> AgeBand:
    children = evidence.children + evidence.chapter_book + evidence.middle_grade
    if evidence.teenagers > 2 * children:
        return AgeBand.AGES_15_TO_17
    return AgeBand.AGES_12_TO_14 if evidence.teenagers > children else AgeBand.AGES_0_TO_5


def _reading_level(band: AgeBand, evidence: _Evidence) -> int | None:
    if evidence.chapter_book and band in CHAPTER_BOOK_LEVELS:
        return CHAPTER_BOOK_LEVELS[band]
    return LEVELS.get(band)
