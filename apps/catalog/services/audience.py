"""For whom an answer about books is made. Who the readers are is known to a higher app, which registers the rule."""

from collections.abc import Callable

from epicml.audience.asking import TRUSTED, AnsweredFor, Naming, Standing, answered
from epicml.audience.bands import AgeBand

AudienceRule = Callable[[str | None, AgeBand | None, Standing], AnsweredFor]


def _without_readers(reader: str | None, age_band: AgeBand | None, standing: Standing) -> AnsweredFor:
    """Take a reader whom nobody can look up for the youngest, so that the rule fails shut."""
    naming = Naming.NOBODY if reader is None and standing.proof is None else Naming.UNKNOWN
    return answered(naming, reader=None, reader_band=None, asked=age_band, standing=standing)


_rule: AudienceRule = _without_readers


def register_audience(rule: AudienceRule) -> None:
    """Let this rule say for whom an answer is that names a reader, a band, both or neither."""
    global _rule  # one rule for the process, set at start
    _rule = rule


def answered_for(reader: str | None, age_band: AgeBand | None, standing: Standing = TRUSTED) -> AnsweredFor:
    """Say for whom the answer is made, and the band it may not exceed; `reader` is what was sent, of any form."""
    return _rule(reader, age_band, standing)
