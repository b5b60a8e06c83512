"""What one heading of a catalogue, or one tag of a shelf, says of the readers a book is meant for.

A heading is read whole. "Children's stories" names an audience, "Child murder" and "Missing children" name a subject,
and no word inside a heading says which of the two it is; so only headings of a known form count, and every other says
nothing. Forms that are known:

- shelf tags as readers write them: "kids", "children-s-books", "ya-fantasy", "favorite-childrens-books", "to-read-ya";
- BISAC, by name ("JUVENILE FICTION / Animals / Bears", "Young Adult Nonfiction / Careers") or by code ("JUV001000");
- Library of Congress, as a heading ("Children's stories, English", "Picture books. lcgft") or as its last subdivision
  ("Dragons -- Juvenile fiction"); followed by another one the heading is about such books, and they are for adults
  ("Children's stories -- History and criticism");
- Thema interest ages ("5AK") and children's classes ("YFB"), Dewey's audience marks ("[E]", "[Fic]", "j599.7");
- ages and school years ("Ages 9-12", "Grades 3-5", "12+", "ab 6 Jahren");
- the usual words of some other languages ("Kinderbuch", "Littérature jeunesse", "Literatura infantil").
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from epicml.audience.starting_age import starting_age
from epicml.audience.vocabulary import (
    ABOUT_BOOKS,
    ADULTS_ONLY,
    DEWEY,
    EARLY_READERS,
    FORMS,
    LAST_SUBDIVISIONS,
    LEADING_CLASSES,
    MIDDLE_GRADE,
    OTHER_LANGUAGES,
    PICTURE_BOOKS,
    PLAIN_CHILDREN,
    STUDIES,
    THEMA_CLASSES,
)


class AudienceTerm(Enum):
    """The kinds of readers that a heading can name (MARC 385: audience term)."""

    PICTURE_BOOK = "picture book"
    EARLY_READER = "early reader"
    MIDDLE_GRADE = "middle grade"
    CHILDREN = "children"
    PLAIN_CHILDREN = "children, or a book about them"
    TEENAGERS = "teenagers"
    ADULTS = "adults"
    ADULTS_ONLY = "adults only"
    AGE = "an age"


@dataclass(frozen=True, slots=True)
class Heading:
    """What a heading says of the readers.

    Attributes:
        audiences: the audiences that it names; more than one for "children-young-adult".
        from_age: the youngest age in years, for AudienceTerm.AGE.
    """

    audiences: frozenset[AudienceTerm]
    from_age: int | None = None


_CHILDREN = r"(?:childrens?|kids?|kidlit|juv(?:enile)?|junior|young readers?)"
_TEENAGERS = r"(?:ya|yalit|young adults?|teens?|teenage|teenagers?|teenlit|young peoples?)"
_TEENAGERS_ALONE = r"(?:ya|yalit|young adult|teens?|teenlit)"  # "Teenagers" and "Young adults" head books about them
_ADULTS = r"(?:(?:new )?adults?)"
_SOURCE_CODE = re.compile(
    r"(?:[\s.]+(?:fast|lcgft|gsafd|lcsh|lcshac|sears|aat|bisacsh|rvmgf|homoit|local|olacvggt))?"
    r"(?:\s*\(ocolc\)\s*fst\d+)?[\s.]*$"
)
_SUBDIVISION = re.compile(r"\s*(?:-{2,}|—|\s–\s|\$[vxyz])\s*")
_CLASS = re.compile(r"\s*[/>\u203a»:|]\s*|\s+-\s+")
_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc`\u00b4"), "'")
_POSSESSIVE = re.compile(r"'s\b|s'(?=\s|$)|(?<=children)-s\b|(?<=kid)-s\b")
_NATIONALITY = re.compile(
    r"^(childrens (?:stories|poetry|plays|literature|books)), [a-z]+(?:an|ish|ese|ch|ic|i|ek|sh|ss|ew)$"
)
_BISAC_CODE = re.compile(r"(?:(juv|jnf)|(yaf|yan))\d{6}")
_NOTE = re.compile(r"([^()]+?)\s*\(([^()]+)\)")
_ONLY_FORMS = re.compile(rf"(?:{FORMS})(?: (?:{FORMS}))*")
_JUVENILE_FORM = re.compile(rf"juvenile(?: (?:{FORMS}))+")

_ONE_WORD = {
    "kids": AudienceTerm.CHILDREN,
    "kid": AudienceTerm.CHILDREN,
    "kidlit": AudienceTerm.CHILDREN,
    "childrens": AudienceTerm.CHILDREN,
    "juvenile": AudienceTerm.MIDDLE_GRADE,
    "juv": AudienceTerm.MIDDLE_GRADE,
}


@lru_cache(maxsize=20_000)  # a catalogue has some hundred headings on ten thousand books
def heading_of(tag: str) -> Heading | None:
    """Tell what a heading says of the readers.

    Args:
        tag: the heading as it is written, in any case, words joined by blanks, "-" or "_".

    Returns:
        None where it does not name an audience in a known form.

    Source: BISAC Subject Headings 2023; Thema 1.5, qualifier 5A; Library of Congress SHM H 1690 (juvenile materials);
    Dewey 23 audience marks as printed in Library of Congress records.

    >>> sorted(named.value for named in heading_of("children-ya").audiences)
    ['children', 'teenagers']
    >>> [named.value for named in heading_of("Dragons -- Juvenile fiction").audiences]
    ['middle grade']
    >>> heading_of("Ages 9-12").from_age, heading_of("Juvenile delinquency -- Fiction"), heading_of("Child murder")
    (9, None, None)
    """
    text = unicodedata.normalize("NFKC", tag).casefold().strip()
    if ADULTS_ONLY.search(text):
        return _naming(AudienceTerm.ADULTS_ONLY)
    if coded := _of_code(text):
        return coded
    text = _SOURCE_CODE.sub("", text)
    if (age := starting_age(text)) is not None:
        return Heading(frozenset({AudienceTerm.AGE}), from_age=age)
    subdivided = [part for part in _SUBDIVISION.split(text) if part]
    if len(subdivided) > 1:
        return _of_subdivisions(subdivided)
    classes = [part for part in _CLASS.split(text) if part]
    if len(classes) > 1:
        return _of_classes(classes)
    return _of_phrase(text)


def _naming(*audiences: AudienceTerm) -> Heading:
    return Heading(frozenset(audiences))


def _of_code(text: str) -> Heading | None:
    if bisac := _BISAC_CODE.fullmatch(text):
        return _naming(AudienceTerm.MIDDLE_GRADE if bisac[1] else AudienceTerm.TEENAGERS)
    for pattern, age in (*THEMA_CLASSES, *DEWEY):
        if pattern.fullmatch(text):
            return Heading(frozenset({AudienceTerm.AGE}), from_age=age)
    return None


def _of_subdivisions(parts: list[str]) -> Heading | None:
    """Read "Dragons -- Juvenile fiction": only a form in the last place counts, never another heading."""
    phrases = [_words(part) for part in parts]
    while len(phrases) > 1 and phrases[-1] in LAST_SUBDIVISIONS:
        phrases.pop()
    if phrases[-1] in STUDIES:
        return _naming(AudienceTerm.ADULTS_ONLY)
    if _JUVENILE_FORM.fullmatch(phrases[-1]):
        return _naming(AudienceTerm.MIDDLE_GRADE)
    return _of_other_language(phrases[-1])


def _of_classes(parts: list[str]) -> Heading | None:
    """Read "JUVENILE FICTION / Readers": the first class names the audience, later ones may narrow it."""
    while len(parts) > 1 and _words(parts[0]) in LEADING_CLASSES:
        parts = parts[1:]
    phrases = [_words(part) for part in parts]
    if phrases[0] in STUDIES:
        return _naming(AudienceTerm.ADULTS_ONLY)
    if any(phrase in ABOUT_BOOKS for phrase in phrases):
        return None
    if len(phrases) > 1 and _JUVENILE_FORM.fullmatch(phrases[-1]):  # "Dragons / Juvenile fiction"
        return _naming(AudienceTerm.MIDDLE_GRADE)
    headings = [_of_phrase(part) for part in parts]
    first = headings[0]
    if first and (narrower := [found for found in headings[1:] if found and found.audiences & _NARROWER]):
        return narrower[-1]
    if all(heading or _ONLY_FORMS.fullmatch(phrase) for heading, phrase in zip(headings, phrases, strict=True)):
        audiences = frozenset(named for heading in headings if heading for named in heading.audiences)
        return Heading(audiences) if audiences - {AudienceTerm.PLAIN_CHILDREN} else None  # "Children / Stories"
    # "Kids: safety" is a subject of its own, "Children's books > Safety" and "JUVENILE FICTION / Safety" are for them.
    return first if first and " " in phrases[0] else None


_NARROWER = {
    AudienceTerm.AGE,
    AudienceTerm.PICTURE_BOOK,
    AudienceTerm.EARLY_READER,
    AudienceTerm.MIDDLE_GRADE,
}


def _of_phrase(text: str) -> Heading | None:
    if (age := starting_age(text)) is not None:
        return Heading(frozenset({AudienceTerm.AGE}), from_age=age)
    if noted := _NOTE.fullmatch(text):  # "Children (ages 5-8)"
        age, outside = starting_age(noted[2]), _of_phrase(noted[1])
        if age is not None:
            return outside and Heading(frozenset({AudienceTerm.AGE}), from_age=age)
    phrase = _words(text)
    if phrase in STUDIES:
        return _naming(AudienceTerm.ADULTS_ONLY)
    if phrase in PLAIN_CHILDREN:
        return _naming(AudienceTerm.PLAIN_CHILDREN)
    if phrase in _ONE_WORD:
        return _naming(_ONE_WORD[phrase])
    for pattern, audiences in _PHRASES:
        if pattern.fullmatch(phrase):
            return _naming(*audiences)
    return _of_other_language(phrase)


def _of_other_language(phrase: str) -> Heading | None:
    for name, pattern in OTHER_LANGUAGES.items():
        if pattern.fullmatch(phrase):
            return _naming(AudienceTerm[name])
    return None


_FORM = rf"(?:{FORMS})"
_CHILDREN_AND_TEENAGERS = rf"{_CHILDREN}(?: and| or)? {_TEENAGERS_ALONE}|{_TEENAGERS_ALONE}(?: and| or)? {_CHILDREN}"
_SCHOOLCHILDREN = r"juv(?:enile)?|junior"
# In this order: what names a stage says more than what names children.
_PHRASES: tuple[tuple[re.Pattern[str], tuple[AudienceTerm, ...]], ...] = tuple(
    (re.compile(pattern), audiences)
    for pattern, audiences in (
        (rf"(?:{_FORM} )*(?:{_ADULTS})(?: {_FORM})*|(?:{_FORM} )+for adults", (AudienceTerm.ADULTS,)),
        (
            rf"(?:(?:{_FORM}|{_CHILDREN}) )*(?:{PICTURE_BOOKS})(?: for (?:children|kids))?",
            (AudienceTerm.PICTURE_BOOK,),
        ),
        (rf"(?:(?:{_FORM}|{_CHILDREN}) )*(?:{EARLY_READERS})(?: {_FORM})*", (AudienceTerm.EARLY_READER,)),
        (rf"(?:{_FORM} )*(?:{MIDDLE_GRADE})(?: {_FORM})*", (AudienceTerm.MIDDLE_GRADE,)),
        (
            rf"(?:{_FORM} )*(?:{_CHILDREN_AND_TEENAGERS})(?: {_FORM})*",
            (AudienceTerm.CHILDREN, AudienceTerm.TEENAGERS),
        ),
        (
            rf"(?:{_FORM} )*(?:{_SCHOOLCHILDREN})(?: {_FORM})+|(?:{_FORM} )+juv(?:enile)?",
            (AudienceTerm.MIDDLE_GRADE,),
        ),
        (r"j (?:fic|fiction|non ?fic(?:tion)?|easy|bio(?:graphy)?)|jf|jfic|jnf", (AudienceTerm.MIDDLE_GRADE,)),
        (rf"(?:{_FORM} )*{_CHILDREN}(?: {_FORM})+|(?:{_FORM} )+(?:childrens|kids)", (AudienceTerm.CHILDREN,)),
        (rf"(?:{_FORM} )*for (?:children|kids|young readers)", (AudienceTerm.CHILDREN,)),
        (
            rf"(?:{_FORM} )*{_TEENAGERS}(?: {_FORM})+|(?:{_FORM} )*{_TEENAGERS_ALONE}(?: {_TEENAGERS_ALONE})*",
            (AudienceTerm.TEENAGERS,),
        ),
        (rf"(?:{_FORM} )*for (?:teens|teenagers|young adults|young people)", (AudienceTerm.TEENAGERS,)),
    )
)


def _words(text: str) -> str:
    """Return the heading with one blank between its words, possessives written as plurals, without a nationality."""
    plain = _POSSESSIVE.sub("s", text.translate(_APOSTROPHES)).replace("&", " and ").strip(" .")
    if named := _NATIONALITY.match(" ".join(plain.split())):
        plain = named[1]
    return " ".join(re.sub(r"[-_,()+]", " ", plain).split())
