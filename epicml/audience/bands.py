"""Age bands: the one order that decides what may be shown to whom."""

from enum import IntEnum


class AgeBand(IntEnum):
    """The ages a book is meant for, or a reader is of. The number is the rank, and what the database stores.

    >>> AgeBand.from_code("9-11")
    <AgeBand.AGES_9_TO_11: 2>
    >>> AgeBand.AGES_9_TO_11.code, AgeBand.AGES_9_TO_11.label
    ('9-11', '9 to 11')
    """

    AGES_0_TO_5 = 0
    AGES_6_TO_8 = 1
    AGES_9_TO_11 = 2
    AGES_12_TO_14 = 3
    AGES_15_TO_17 = 4
    ADULT = 5

    @property
    def code(self) -> str:
        """The band as the API writes it: "9-11", or "adult"."""
        return CODES[self]

    @property
    def label(self) -> str:
        """The band as a person reads it: "9 to 11", or "adult"."""
        return CODES[self].replace("-", " to ")

    @classmethod
    def from_code(cls, code: str) -> "AgeBand":
        """Return the band with this code.

        Raises:
            UnknownAgeBandError: the code is none of CODES.
        """
        try:
            return BY_CODE[code]
        except KeyError as error:
            raise UnknownAgeBandError(code) from error


class UnknownAgeBandError(ValueError):
    """A code that names no age band."""

    def __init__(self, code: str) -> None:
        super().__init__(f"{code!r} is no age band; known are {', '.join(BY_CODE)}.")


CODES = {
    AgeBand.AGES_0_TO_5: "0-5",
    AgeBand.AGES_6_TO_8: "6-8",
    AgeBand.AGES_9_TO_11: "9-11",
    AgeBand.AGES_12_TO_14: "12-14",
    AgeBand.AGES_15_TO_17: "15-17",
    AgeBand.ADULT: "adult",
}
BY_CODE = {code: band for band, code in CODES.items()}

# Who says nothing about their age is taken for the youngest: the gate fails shut.
YOUNGEST = AgeBand.AGES_0_TO_5


def may_see(*, reader: AgeBand, book: AgeBand) -> bool:
    """Tell whether a book of this band may be shown to a reader of that band.

    >>> may_see(reader=AgeBand.AGES_9_TO_11, book=AgeBand.AGES_6_TO_8)
    True
    >>> may_see(reader=AgeBand.AGES_9_TO_11, book=AgeBand.ADULT)
    False
    """
    return book <= reader
