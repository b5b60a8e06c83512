"""What the headings of a book say about who it is for.

A catalogue's record has a few headings, each set by a librarian; a shelf of readers has dozens of tags, some of them by
accident (Fifty Shades of Grey is tagged "young-adult"). So the same heading weighs more among few. The rule fails shut:
what is unknown is for adults, and where headings are few or disagree the book goes to the older band.

Always:
1. A heading "adults only" (erotica, or a study: "History and criticism"): adult. No heading that names an audience:
   adult.
2. An age in years or school years: the youngest band all of whose readers have reached it; the highest, where several
   are named, and never below what rules 3 to 5 say of a "for adults" heading.
3. A heading "for adults": adult, unless a stage is named too; then one band above what rule 4 or 5 says.

A shelf is told by its form: at least TAGS_OF_A_SHELF tags, all of them small letters joined by hyphens.

In a record:
4. By stage, the youngest named: picture book 0-5; early reader, or a picture book also for middle grade, 6-8; middle
   grade or "juvenile" 9-11. Without a stage, children's books are 9-11, those for teenagers 15-17, those for both
   12-14. "Children" alone says nothing: it heads books about children.

On a shelf:
5. One tag that names children or a stage may be an accident (the stage only among MANY_TAGS): then 15-17 when at least
   three tags speak of teenagers, else adult. Then by stage as above, but an early reader with four tags of teenagers
   counts as middle grade. Without a stage: 6-8 with five children's tags and none of teenagers, 9-11 with five and
   fewer of teenagers, else 12-14.
In both, from early readers on, where headings of teenagers outnumber those of children: at least 12-14, and 15-17 when
they are more than twice as many.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from epicml.audience.bands import AgeBand
from epicml.audience.headings import AudienceTerm, Heading, heading_of

TAGS_OF_A_SHELF = 4
MANY_TAGS = 10  # 95 of 100 books of goodbooks have so many
CONFIDENT = 5  # so many children's tags are no accident
TEENAGE_CHAPTER_BOOK = 4
TEENAGE_BY_ACCIDENT = 3
_SHELF_TAG = re.compile(r"[a-z0-9-]+")
# The youngest age of each band. A book from 8 years on is for 9 to 11: at 6 to 8 there are readers of 6.
FIRST_YEARS = {
    AgeBand.AGES_0_TO_5: 3,
    AgeBand.AGES_6_TO_8: 6,
    AgeBand.AGES_9_TO_11: 9,
    AgeBand.AGES_12_TO_14: 12,
    AgeBand.AGES_15_TO_17: 15,
}


@dataclass(frozen=True, slots=True)
class TagAudience:
    """For whom a book is: its age band, and its reading level as a school year from 1 to 12 where that says more.

    `headings` are those that it was told from, as they were written; none where nothing names an audience.
    """

    age_band: AgeBand
    reading_level: int | None
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _HeadingCounts:
    """How many headings say each thing, and the highest age that one names."""

    total: int
    is_shelf: bool
    picture_book: int
    early_reader: int
    middle_grade: int
    children: int
    plain_children: int
    teenagers: int
    adults: int
    adults_only: int
    from_age: int | None

    @property
    def stages(self) -> int:
        return self.picture_book + self.early_reader + self.middle_grade


LEVELS = {
    AgeBand.AGES_0_TO_5: 1,
    AgeBand.AGES_6_TO_8: 2,
    AgeBand.AGES_9_TO_11: 5,
    AgeBand.AGES_12_TO_14: 7,
    AgeBand.AGES_15_TO_17: 10,
}
EARLY_READER_LEVELS = {AgeBand.AGES_6_TO_8: 3, AgeBand.AGES_9_TO_11: 4}


def audience_of(tags: Collection[str]) -> TagAudience:
    """Tell for whom a book with these headings is.

    Args:
        tags: headings or tags in any case, words joined by "-" or blanks; their order does not matter.

    Returns:
        The age band; a reading level from 1 to 12: the school year in which such books are usually read, 3 or 4 for
        early readers, None for adults, for whom headings say nothing about it; and the headings that it rests on.

    Source: our own rule, set on the tags of goodbooks-10k, of whose 10,000 books 1,475 have a children's tag.

    >>> audience_of(["Bears -- Juvenile fiction", "Picture books", "Animals"]).age_band.code
    '6-8'
    >>> audience_of(["Child murder", "Missing children"])
    TagAudience(age_band=<AgeBand.ADULT: 5>, reading_level=None, headings=())
    """
    said = {tag: heading for tag in tags if (heading := heading_of(tag))}
    counts = _counts_of(said.values(), tags)
    band = _age_band(counts)
    level = LEVELS.get(band)
    if counts.early_reader and band in EARLY_READER_LEVELS:
        level = EARLY_READER_LEVELS[band]
    return TagAudience(band, level, tuple(sorted(said)))


def _counts_of(headings: Collection[Heading], tags: Collection[str]) -> _HeadingCounts:
    naming = {named: sum(named in heading.audiences for heading in headings) for named in AudienceTerm}
    ages = [heading.from_age for heading in headings if heading.from_age is not None]
    return _HeadingCounts(
        total=len(tags),
        is_shelf=len(tags) >= TAGS_OF_A_SHELF and all(_SHELF_TAG.fullmatch(tag) for tag in tags),
        picture_book=naming[AudienceTerm.PICTURE_BOOK],
        early_reader=naming[AudienceTerm.EARLY_READER],
        middle_grade=naming[AudienceTerm.MIDDLE_GRADE],
        children=naming[AudienceTerm.CHILDREN],
        plain_children=naming[AudienceTerm.PLAIN_CHILDREN],
        teenagers=naming[AudienceTerm.TEENAGERS],
        adults=naming[AudienceTerm.ADULTS],
        adults_only=naming[AudienceTerm.ADULTS_ONLY],
        from_age=max(ages, default=None),
    )


def _age_band(counts: _HeadingCounts) -> AgeBand:
    if counts.adults_only:
        return AgeBand.ADULT
    if counts.from_age is not None:
        fitting = (band for band, first in FIRST_YEARS.items() if first >= counts.from_age)
        return _with_adults(next(fitting, AgeBand.ADULT), counts, named=True)
    band = _of_shelf(counts) if counts.is_shelf else _of_record(counts)
    if band is AgeBand.ADULT:
        return band
    if not counts.picture_book:
        band = max(band, _by_teenagers(counts))
    return _with_adults(band, counts, named=bool(counts.stages))


def _with_adults(band: AgeBand, counts: _HeadingCounts, *, named: bool) -> AgeBand:
    """Go one band up where a heading says "for adults", to adult where neither stage nor age is named against it."""
    if not counts.adults or band is AgeBand.ADULT:
        return band
    return AgeBand(band + 1) if named else AgeBand.ADULT


def _of_record(counts: _HeadingCounts) -> AgeBand:
    if counts.stages:
        return _by_stage(counts)
    if counts.children:
        return AgeBand.AGES_12_TO_14 if counts.teenagers else AgeBand.AGES_9_TO_11
    return AgeBand.AGES_15_TO_17 if counts.teenagers else AgeBand.ADULT


def _of_shelf(counts: _HeadingCounts) -> AgeBand:
    children = counts.children + counts.plain_children
    is_accident = counts.stages + children == 1 and counts.total >= MANY_TAGS if counts.stages else children <= 1
    if is_accident:
        enough = counts.teenagers >= TEENAGE_BY_ACCIDENT
        return AgeBand.AGES_15_TO_17 if enough else AgeBand.ADULT
    if counts.stages:
        return _by_stage(counts)
    if children >= CONFIDENT and not counts.teenagers:
        return AgeBand.AGES_6_TO_8
    return AgeBand.AGES_9_TO_11 if counts.teenagers < children >= CONFIDENT else AgeBand.AGES_12_TO_14


def _by_stage(counts: _HeadingCounts) -> AgeBand:
    if counts.picture_book:
        return AgeBand.AGES_6_TO_8 if counts.middle_grade else AgeBand.AGES_0_TO_5
    if counts.early_reader and counts.teenagers < TEENAGE_CHAPTER_BOOK:
        return AgeBand.AGES_6_TO_8
    return AgeBand.AGES_9_TO_11


def _by_teenagers(counts: _HeadingCounts) -> AgeBand:
    children = counts.children + counts.plain_children + counts.early_reader + counts.middle_grade
    if counts.teenagers > 2 * children:
        return AgeBand.AGES_15_TO_17
    return AgeBand.AGES_12_TO_14 if counts.teenagers > children else AgeBand.AGES_0_TO_5
