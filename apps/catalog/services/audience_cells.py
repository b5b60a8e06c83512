"""What a column of the audience says, as headings that the rule about readers knows."""

import re

from epicml.audience.headings import heading_of

# MARC 21, 008/22; "f" (specialized) and "g" (general) name no age.
_CODES = {
    "a": "Ages 3-5",
    "b": "Ages 6-8",
    "c": "Ages 9-13",
    "d": "Ages 14-17",
    "e": "Adult books",
    "j": "Juvenile literature",
}
_WORDS = {
    "preschool": "Ages 3-5",
    "primary": "Ages 6-8",
    "preadolescent": "Ages 9-13",
    "adolescent": "Ages 14-17",
    "adolescents": "Ages 14-17",
    "adult": "Adult books",
    "adults": "Adult books",
    "juvenile": "Juvenile literature",
    "children": "Children's books",
    "child": "Children's books",
    "kids": "Children's books",
    "teenagers": "Young adult",
    "young adults": "Young adult",
}
SAYS_NO_AGE = frozenset({"f", "g", "general", "specialized", "#", "|", "unknown", "unknown or not specified"})
_RANGE = re.compile(r"0*(\d{1,2})\s*(?:-|–|to|bis)\s*0*(\d{1,2})")
_GRADES = re.compile(r"(?:pre-?)?k(?:\s*(?:-|–|to)\s*\d{1,2})?", re.IGNORECASE)


def audience_heading(statement: str) -> str | None:
    """Return the statement as a heading that names an age or a stage; None where it names none.

    >>> [audience_heading(text) for text in ("j", "Ages 9-12.", "9-12", "009-012", "Children", "K-3", "g", "540L")]
    ['Juvenile literature', 'Ages 9-12', 'Ages 9-12', 'Ages 9-12', "Children's books", 'Grades K-3', None, None]
    """
    text = statement.strip().rstrip(" .;,/")
    plain = text.casefold().replace("-", "") if len(text) > 1 else text.casefold()
    if heading := _CODES.get(plain) or _WORDS.get(plain):
        return heading
    if found := _RANGE.fullmatch(text):
        return f"Ages {found[1]}-{found[2]}"
    if _GRADES.fullmatch(text):
        return f"Grades {text}"
    return text if heading_of(text) else None
