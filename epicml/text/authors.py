"""The authors that a cell of a catalogue names, each in one way: "First Last".

How a cell is read:

1. A stated separator divides it, and nothing else does. Else ";", "|", a line break, " / ", " & ", " and ", " with "
   and the list signs of Chinese, Japanese and Arabic divide it, the words and "&" only between people: a name with a
   word such as "Press" or "Institution" in it, and a house such as "Simon & Schuster", stays whole.
2. Dates ("1907-2002", "b. 1950", "active 16th century"), roles ("illustrator", "[author]", "Translated by"), degrees
   ("PhD"), titles ("Sir"), what stands in brackets, and "et al." go.
3. What is left may be divided by commas, and a comma may also stand within a name. It is within one when
   - what follows is a suffix ("Martin Luther King, Jr.") or a legal form ("Dorling Kindersley, Ltd.");
   - the first part is one word, or one with its particles ("Le Guin"), and the second is initials or one word, or has
     an initial at its end ("Le Guin, Ursula K."); so too of "Rowling, J. K., Grandpré, Mary".
   Parts of two words and more on both sides are a list. "King, Martin Luther" and "Homer, Robert Fagles" have the same
   form, and so have "García Márquez, Gabriel" and "Jane Yolen, Avi": those are read as the other cells of the file are
   (`order`), and as last name first where these do not tell.
4. A suffix is written without a comma, with a full stop after Jr. and Sr.: "Martin Luther King Jr.". "Stan & Jan
   Berenstain" share their last name. A name in Chinese, Japanese or Korean keeps its order: "夏目, 漱石" is 夏目漱石.

Initials are left as they are written. `same_author` has one value for "J.K. Rowling", "J. K. Rowling" and "JK Rowling".
"""

# ruff: noqa: RUF001  # signs that look alike are this module's subject

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum

from epicml.text.author_words import (
    BODY,
    DATES,
    DATES_AFTER,
    DATES_BEFORE,
    DEGREE,
    DEGREE_AFTER,
    HONORIFIC,
    HOUSES,
    LEGAL_FORM,
    OTHER_PEOPLE,
    OTHERS,
    PARTICLES,
    ROLE_AFTER,
    ROLE_AFTER_DASH,
    ROLES_AND_NAMES,
    SUFFIX,
    TITLE,
    is_role,
    without_role_before,
)


class Order(Enum):
    """Which name comes first in the cells of a file."""

    FIRST_LAST = "first-last"
    LAST_FIRST = "last-first"


_STRONG = re.compile(r"[;|\n\r\x1f；、؛]+|\s+[/／]\s+")
_JOINED = re.compile(r"\s+(?:&|and|und|et|with|mit|avec)\s+|\s*＆\s*|(?<=\.)&(?=\w)", re.IGNORECASE)
_COMMA = re.compile(r"\s*[,，،]\s*")
_BRACKETS = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\]|（[^（）]*）)")
_UNCLOSED = re.compile(r"\s*[\[(][^\])]*$|^[^\[(]*[\])]\s*(?=$)")
_BLANKS = re.compile(r"\s+")
_BLANKS_OF_A_LINE = re.compile(r"[^\S\r\n]+")
_INITIALS = re.compile(
    r"(?:[^\W\d_\u3040-\uffff]{1,2}\.[\s\-]*){1,5}|[^\W\d_a-z\u3040-\uffff](?:\.?[\s\-]*[^\W\d_a-z\u3040-\uffff]\.?){0,3}"
)
_ENDS_IN_INITIAL = re.compile(r"(?:^|[\s.\-])[^\W\d_]\.?$")
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff・]+")
_FULL_INITIALS = re.compile(r"((?:\b[^\W\d_]\.?(?:[\s\-]+|(?<=\.)|$)){1,5})(?=\S)")
_CAPITALS = re.compile(r"([^\W\d_a-z]{2,3})(?=\s+\w*[a-z])")
_ISBD_END = re.compile(r"[\s/:;,=]+$")


def authors_of(cell: str, *, separator: str | None = None, order: Order | None = None) -> tuple[str, ...]:
    """Read the names in a cell, each once, as "First Last".

    Args:
        cell: text as a catalogue, a spreadsheet or a bookshop writes it.
        separator: the sign that stands between names, where somebody knows it.
        order: which name comes first in this file, where it is known; see `order_of`.

    Returns:
        Names in their order; none for a blank cell.

    Source: our own rule, at the top of this module. Forms of names: MARC 21, fields 100, 245 $c and 700; ISBD 7.

    >>> authors_of("Rowling, J. K.; Grandpré, Mary"), authors_of("J.K. Rowling, Mary GrandPré")
    (('J. K. Rowling', 'Mary Grandpré'), ('J.K. Rowling', 'Mary GrandPré'))
    >>> authors_of("Lindgren, Astrid, 1907-2002"), authors_of("King, Martin Luther, Jr.")
    (('Astrid Lindgren',), ('Martin Luther King Jr.',))
    >>> authors_of("Ada & Bo"), authors_of("X|Y"), authors_of("Simon & Schuster"), authors_of("Stan & Jan Berenstain")
    (('Ada', 'Bo'), ('X', 'Y'), ('Simon & Schuster',), ('Stan Berenstain', 'Jan Berenstain'))
    """
    text = OTHERS.sub("", _BLANKS_OF_A_LINE.sub(" ", unicodedata.normalize("NFC", cell)).strip())
    if separator is not None:
        statements = text.split(separator)
        names = [name for statement in statements for name in _one_person(statement)]
    else:
        names = [name for statement in _STRONG.split(text) for name in _of_statement(statement, order)]
    return tuple(dict.fromkeys(names))


def order_of(cells: Iterable[str]) -> Order | None:
    """Tell which name comes first in these cells from those that can only be read in one way; None when none tells.

    >>> order_of(["Homer, Robert Fagles", "Louis Sachar", "J.K. Rowling, Mary GrandPré"])
    <Order.FIRST_LAST: 'first-last'>
    >>> order_of(["King, Martin Luther", "Sachar, Louis", "Rowling, J. K."])
    <Order.LAST_FIRST: 'last-first'>
    """
    first_last = last_first = 0
    for cell in cells:
        for statement in _STRONG.split(cell):
            parts = _parts(statement)
            if len(parts) == 1:
                first_last += len(parts[0].split()) > 1 and not _is_body(parts[0]) and not _EAST_ASIAN.match(parts[0])
            elif parts and not _is_body(statement):
                sure = _surely_inverted(parts[0], parts[1])
                last_first += sure
                first_last += not sure and all(len(part.split()) > 1 for part in parts)
    if first_last == last_first:
        return None
    return Order.FIRST_LAST if first_last > last_first else Order.LAST_FIRST


def same_author(name: str) -> str:
    """Give one value to spellings of a name that differ only in the dots and blanks of initials.

    Capitals before a name with small letters are taken for initials. No other difference counts: "Joanne Rowling" and
    "J.K. Rowling" may be two people.

    >>> same_author("J. K. Rowling") == same_author("J.K. Rowling") == same_author("JK Rowling")
    True
    >>> same_author("Jo Rowling") == same_author("J.O. Rowling")
    False
    """
    spread = _CAPITALS.sub(lambda found: " ".join(found[1]), name, count=1) if _CAPITALS.match(name) else name
    return _FULL_INITIALS.sub(lambda found: re.sub(r"[\s.\-]", "", found[1]) + ". ", spread).strip()


def _of_statement(statement: str, order: Order | None) -> list[str]:
    """Read the names between two strong separators."""
    bare = without_role_before(_without_brackets(statement))
    if _is_house(bare):
        return [_tidy(bare)]
    if _is_body(bare):
        return _bodies(bare)
    groups = [group for group in _JOINED.split(bare) if _tidy(group)]
    parts = [some for group in groups if (some := _parts(group))]
    if len(parts) == 2 and len(parts[0]) == 2 and len(parts[1]) == 1 and len(parts[1][0].split()) == 1:
        parts[1] = [parts[0][0], *parts[1]]  # "Grimm, Jacob and Wilhelm"
    if len(parts) == 2 and len(parts[0]) > 1:
        *names, last = (len(part.split()) for part in parts[0])
        if last == 1 and min(names) > 1 and [len(part.split()) for part in parts[1]] == [2]:
            parts[0][-1] += f" {parts[1][0].split()[1]}"  # "Virginia Hamilton, Leo & Diane Dillon"
    found = [_by_commas(some, order) for some in parts]
    return [name for names in _with_shared_last_name(found) for name in names]


def _one_person(statement: str) -> list[str]:
    """Read the one name that stands between two stated separators."""
    bare = _without_brackets(statement)
    if _is_body(bare) or _is_house(bare):
        return [_tidy(bare)] if _tidy(bare) else []
    parts = _parts(bare)
    return [_joined(parts[0], " ".join(parts[1:]))] if parts else []


def _is_house(text: str) -> bool:
    plain = re.sub(r",\s*(?:publishers?|inc|ltd)\b\.?", "", text.casefold())
    plain = re.sub(r"\band\b", "&", plain.replace(",", " ").replace("-", " "))
    return _BLANKS.sub(" ", plain.replace("company", "co")).strip(" .") in HOUSES


def _is_body(text: str) -> bool:
    """Tell whether a name of several words has one of a body in it: "Church, Caroline Jayne" is a person."""
    parts = _COMMA.split(text)
    if len(parts) == 1:
        return BODY.search(text) is not None
    several = [part for part in parts if len(part.split()) > 1]
    return any(BODY.search(part) for part in several) or any(LEGAL_FORM.fullmatch(part) for part in parts[1:])


def _bodies(text: str) -> list[str]:
    """Read bodies between commas: what follows one is of its own only if it looks so and is no legal form."""
    names: list[str] = []
    for part in _COMMA.split(_tidy(text)):
        if names and (LEGAL_FORM.fullmatch(part) or not (_is_body(part) or len(part.split()) > 1)):
            names[-1] = f"{names[-1]}, {part}"
        elif part and not DATES.fullmatch(part) and not is_role(part):
            names.append(part)
    return names


def _parts(statement: str) -> list[str]:
    """Part at commas, without dates, roles and titles; a suffix is at the end of the part that it belongs to."""
    parts: list[str] = []
    titles: list[str] = []
    for number, raw in enumerate(_COMMA.split(_without_brackets(statement))):
        part = _tidy(raw)
        if DATES.fullmatch(part):
            continue
        part = DEGREE_AFTER.sub("", DATES_BEFORE.sub("", part))
        if (dashed := ROLE_AFTER_DASH.search(part)) and is_role(dashed[1]):
            part = part[: dashed.start()]
        part = _tidy(DATES_AFTER.sub("", ROLE_AFTER.sub("", without_role_before(part))))
        if number and TITLE.fullmatch(part):
            titles.append(part)
        elif parts and SUFFIX.fullmatch(part):
            parts[-1] = f"{parts[-1]} {_suffix(part)}"
        elif not _is_no_name(part, first=number == 0):
            parts.append(part)
    if len(parts) == 1 and titles and len(parts[0].split()) == 1:
        parts.append(titles[0])  # "Seuss, Dr."
    return parts


def _is_no_name(part: str, *, first: bool) -> bool:
    if not part or part.casefold() in OTHER_PEOPLE or DATES.fullmatch(part) or HONORIFIC.fullmatch(part):
        return True
    if DEGREE.fullmatch(part):
        return not first  # Ma and Mba are last names
    if not is_role(part):
        return False
    is_small = part[0].islower()
    return is_small or not (first or part.casefold().strip(".") in ROLES_AND_NAMES)


def _by_commas(parts: list[str], order: Order | None) -> list[str]:
    """Read the names of parts that stood between commas."""
    if len(parts) < 2 or (len(parts) % 2 and all(len(part.split()) == 1 for part in parts)):
        return [_joined(part, "") for part in parts]
    if order is Order.FIRST_LAST and not _INITIALS.fullmatch(_without_suffix(parts[1])[0]):
        return [_joined(part, "") for part in parts]
    words = parts[1].split()
    is_byname = len(words) > 1 and words[0].islower() and words[0] in PARTICLES and words[-1] not in PARTICLES
    if len(parts) == 2 and is_byname:
        return [" ".join(parts)]  # "Leonardo, da Vinci" stands where it is spoken
    inverted = _surely_inverted(parts[0], parts[1]) or (len(parts) == 2 and _may_be_inverted(*parts, order=order))
    if not inverted:
        return [_joined(part, "") for part in parts]
    return [_joined(parts[0], parts[1]), *_by_commas(parts[2:], order)]


def _surely_inverted(last: str, first: str) -> bool:
    """Tell whether "last, first" is one person whatever the rest of the file looks like."""
    given, suffix = _without_suffix(first)
    if bool(_EAST_ASIAN.search(given)) is not bool(_EAST_ASIAN.search(last)):
        return False
    if _INITIALS.fullmatch(given):
        return True
    names = _without_suffix(last)[0].split()
    if not names or any(name.casefold() not in PARTICLES for name in names[:-1]):
        return False  # two names and more: "King Martin"
    words = given.split()
    return (
        bool(suffix or len(words) == 1 or _ENDS_IN_INITIAL.search(given) or words[-1] in PARTICLES)
        or _EAST_ASIAN.fullmatch(given) is not None
    )


def _may_be_inverted(last: str, first: str, *, order: Order | None) -> bool:
    """Decide between the orders where both have the form: one word on one side, several on the other."""
    if order is Order.LAST_FIRST:
        return True
    if bool(_EAST_ASIAN.search(first)) is not bool(_EAST_ASIAN.search(last)):
        return False  # a name and the same one as its owner writes it
    words = _without_suffix(last)[0].split()
    one_last = all(word.islower() and word in PARTICLES for word in words[:-1])  # "Van Morrison" is a whole name
    return one_last or len(first.split()) == 1


def _without_suffix(part: str) -> tuple[str, str]:
    words = part.split()
    if len(words) > 1 and SUFFIX.fullmatch(words[-1]):
        return " ".join(words[:-1]), _suffix(words[-1])
    return part, ""


def _suffix(text: str) -> str:
    found = SUFFIX.fullmatch(text)
    if found is None or not found["young"]:
        return text.upper()
    return "Jr." if found["young"].casefold().startswith("j") else "Sr."


def _joined(last: str, first: str) -> str:
    """Write "First Last Suffix" of the two sides of a comma, or of a whole name."""
    last, of_last = _without_suffix(last)
    first, of_first = _without_suffix(first)
    if first and _EAST_ASIAN.fullmatch(last) and _EAST_ASIAN.fullmatch(first):
        return last + first
    return " ".join(word for word in (first, last, of_first or of_last) if word)


def _with_shared_last_name(found: list[list[str]]) -> list[list[str]]:
    """Read "Stan Berenstain" and "Jan Berenstain" in "Stan & Jan Berenstain"."""
    if len(found) != 2 or len(found[0]) != 1 or len(found[1]) != 1:
        return found
    first, words = found[0][0], found[1][0].split()
    if (len(first.split()) > 1 and not _INITIALS.fullmatch(first)) or len(words) != 2 or SUFFIX.fullmatch(words[1]):
        return found
    return [[f"{first} {words[1]}"], found[1]]


def _without_brackets(text: str) -> str:
    """Drop what stands in brackets, a date, a role or a fuller form; a name only in brackets keeps its inside."""
    bare = _BRACKETS.sub("", text)
    if _tidy(bare):
        return _UNCLOSED.sub("", bare) if _tidy(_UNCLOSED.sub("", bare)) else bare
    inside = text.strip(" []()（）")
    return "" if is_role(inside) or DATES.fullmatch(inside) else inside


def _tidy(text: str) -> str:
    """Write text in one line without the punctuation that ISBD puts at the end of an element."""
    text = _ISBD_END.sub("", _BLANKS.sub(" ", text).strip(" \"'“”"))
    if text.endswith(".") and not re.search(
        r"(?:^|[\s.\-])[^\W\d_]{1,2}\.$|\b(?:Jr|Sr|St|Ltd|Inc|Co|Corp|al)\.$", text
    ):
        text = text.rstrip(".")
    return text.strip()
