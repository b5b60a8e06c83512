"""From which age a heading like "Ages 9-12", "Grades 3-5" or "12+" says that a book is meant."""

import re

# An American school year: first graders are six.
AGE_OF_GRADE_ZERO = 5
_NUMBER = r"(\d{1,2})"
_TO = r"(?:\s*(?:-|–|—|to|bis|à|a|and|&)\s*\d{1,2})"
_UP = r"(?:\s*(?:\+|and (?:up|over|above|older)|& up|or older|up|plus))"
_YEARS = r"(?:\s*(?:years?|yrs?|jahren?|ans|años|anos|anni|jaar)(?:\s*(?:old|olds))?\.?)"
_AGES = re.compile(
    rf"(?:for )?(?:interest |reading )?(?:ages?|aged|alter|ab|dès|desde|vanaf|da)\s*:?\s*{_NUMBER}"
    rf"(?:{_TO}|{_UP})?{_YEARS}?{_UP}?"
    rf"|(?:for )?{_NUMBER}(?:{_TO})?{_YEARS}{_UP}?|{_NUMBER}{_UP}"
)
_GRADES = re.compile(
    r"(?:for )?(?:(?:interest |reading )?grades?|gr\.?|years? of school|interest level)\s*:?\s*"
    r"(pre-?k|k|\d{1,2})(?:\s*(?:-|–|—|to|and|&)\s*\d{1,2})?"
    r"(?:\s*(?:and up|\+|& up))?|(k)\s*(?:-|–|to)\s*\d{1,2}"
)


def starting_age(text: str) -> int | None:
    """Return the lowest age that a heading names.

    Args:
        text: the whole heading, in lower case.

    Returns:
        Years from 0 to 99; None where the heading is not just an age or a range of them. School years are American.

    >>> [starting_age(text) for text in ("ages 9-12", "grades 3-5", "12+", "grade k", "9 to 5", "1984")]
    [9, 8, 12, 5, None, None]
    """
    text = " ".join(text.split())
    if found := _AGES.fullmatch(text):
        return int(next(group for group in found.groups() if group))
    if found := _GRADES.fullmatch(text):
        grade = found[1] or found[2]
        if grade.isdecimal():
            return AGE_OF_GRADE_ZERO + int(grade)
        return AGE_OF_GRADE_ZERO if grade == "k" else AGE_OF_GRADE_ZERO - 2  # kindergarten, and what is before it
    return None
