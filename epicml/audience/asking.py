"""For whom an answer is made: who was named or proven, and the age band that the answer may not exceed."""

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
    NOT_PROVEN = "not_proven"


class Lowering(StrEnum):
    """What made the band of an answer lower than it would have been."""

    READER = "reader"
    KEY = "key"
    NO_PROOF = "no_proof"


@dataclass(frozen=True, slots=True)
class Proof:
    """A reader who is proven to ask: the pseudonym, and the number of the row, which dies when the reader is erased."""

    reader: str
    reader_id: int


@dataclass(frozen=True, slots=True)
class Standing:
    """On what terms somebody is answered, whatever they ask for.

    Nothing is above `highest`, and without a known reader nothing above `unproven`, which is no higher. Where
    `must_prove`, a reader counts only by `proof`; else being named is enough. A proof that was sent counts for both.
    """

    highest: AgeBand = AgeBand.ADULT
    unproven: AgeBand = AgeBand.ADULT
    must_prove: bool = False
    proof: Proof | None = None

    def is_proven(self, reader: str) -> bool:
        """Tell whether this reader may be answered for at all."""
        return reader == self.proof.reader if self.proof else not self.must_prove

    def ceiling(self, naming: Naming) -> AgeBand:
        """Return the band that no answer exceeds, for a reader who was named so."""
        return self.highest if naming is Naming.KNOWN else min(self.unproven, self.highest)


# A server names readers and bands as it sees fit: it knows who asks.
TRUSTED = Standing()


@dataclass(frozen=True, slots=True)
class AnsweredFor:
    """For whom an answer is made.

    `asked` is the band that was asked for; `reader` the pseudonym of a known reader, else None; `lowered` what made the
    band lower than the one asked for, or than the reader's own.
    """

    age_band: AgeBand
    naming: Naming
    asked: AgeBand | None = None
    reader: str | None = None
    lowered: Lowering | None = None


def answer_band(
    naming: Naming, *, reader_band: AgeBand | None, asked: AgeBand | None, standing: Standing = TRUSTED
) -> AgeBand:
    """Return the band that an answer may not exceed: the lowest that is known, the youngest where too little is.

    Args:
        naming: how the reader was named.
        reader_band: the band of a known reader, else None.
        asked: the band that was asked for, None where none was.
        standing: on what terms who asks is answered.

    Returns:
        For a known reader the lower of both bands; for nobody the band asked for, else the youngest; for a reader whom
        nobody knows, or who is not proven, the youngest, whatever was asked for. Never above the standing's ceiling.

    >>> answer_band(Naming.KNOWN, reader_band=AgeBand.AGES_6_TO_8, asked=AgeBand.ADULT).code
    '6-8'
    >>> answer_band(Naming.UNKNOWN, reader_band=None, asked=AgeBand.ADULT).code
    '0-5'
    >>> answer_band(Naming.NOBODY, reader_band=None, asked=AgeBand.ADULT).code
    'adult'
    >>> page = Standing(highest=AgeBand.AGES_9_TO_11, unproven=AgeBand.AGES_6_TO_8, must_prove=True)
    >>> answer_band(Naming.NOBODY, reader_band=None, asked=AgeBand.ADULT, standing=page).code
    '6-8'
    """
    return min(_wished(naming, reader_band=reader_band, asked=asked), standing.ceiling(naming))


def answered(
    naming: Naming,
    *,
    reader: str | None,
    reader_band: AgeBand | None,
    asked: AgeBand | None,
    standing: Standing = TRUSTED,
) -> AnsweredFor:
    """Say for whom the answer is made, and what lowered its band.

    >>> page = Standing(highest=AgeBand.AGES_9_TO_11, unproven=AgeBand.AGES_9_TO_11, must_prove=True)
    >>> found = answered(Naming.NOBODY, reader=None, reader_band=None, asked=AgeBand.ADULT, standing=page)
    >>> found.age_band.code, found.lowered.value
    ('9-11', 'key')
    """
    wished = _wished(naming, reader_band=reader_band, asked=asked)
    band = min(wished, standing.ceiling(naming))
    lowered = None
    if band < wished:
        lowered = Lowering.NO_PROOF if standing.ceiling(naming) < standing.highest else Lowering.KEY
    elif naming is Naming.KNOWN and asked is not None and band < asked:
        lowered = Lowering.READER
    return AnsweredFor(band, naming, asked, reader, lowered)


def _wished(naming: Naming, *, reader_band: AgeBand | None, asked: AgeBand | None) -> AgeBand:
    """Return the band without any regard to the terms."""
    if naming in {Naming.UNKNOWN, Naming.MALFORMED, Naming.NOT_PROVEN}:
        return YOUNGEST
    return min((band for band in (reader_band, asked) if band is not None), default=YOUNGEST)
