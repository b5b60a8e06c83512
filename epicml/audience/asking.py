"""For whom an answer is made: who was named, and the age band that the answer may not exceed."""

from dataclasses import dataclass
from enum import StrEnum

from epicml.audience.bands import YOUNGEST, AgeBand

READER_KEY_FORM = r"[A-Za-z0-9_-]{1,64}"  # of a pseudonym, wherever one is written


class Naming(StrEnum):
    """How the reader was named for whom an answer is made."""

    NOBODY = "nobody"
    KNOWN = "known"
    UNKNOWN = "unknown"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class AnsweredFor:
    """For whom an answer is made.

    `asked` is the band that was asked for; `reader` the pseudonym of a known reader, else None.
    """

    age_band: AgeBand
    naming: Naming
    asked: AgeBand | None = None
    reader: str | None = None


def answer_band(naming: Naming, *, reader_band: AgeBand | None, asked: AgeBand | None) -> AgeBand:
    """The band that an answer may not exceed: of what is known the lowest, and the youngest where too little is known.

    Args:
        naming: how the reader was named.
        reader_band: the band of a known reader, else None.
        asked: the band that was asked for, None where none was.

    Returns:
        For a known reader the lower of both bands; for nobody the band asked for, else the youngest; for a reader whom
        nobody knows the youngest, whatever was asked for.

    >>> answer_band(Naming.KNOWN, reader_band=AgeBand.AGES_6_TO_8, asked=AgeBand.ADULT).code
    '6-8'
    >>> answer_band(Naming.UNKNOWN, reader_band=None, asked=AgeBand.ADULT).code
    '0-5'
    >>> answer_band(Naming.NOBODY, reader_band=None, asked=AgeBand.ADULT).code
    'adult'
    """
    if naming in {Naming.UNKNOWN, Naming.MALFORMED}:
        return YOUNGEST
    return min((band for band in (reader_band, asked) if band is not None), default=YOUNGEST)
