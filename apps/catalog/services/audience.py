"""For whom an answer about books is made. Who the readers are is known to a higher app, which registers the rule."""

from collections.abc import Callable

from epicml.audience.bands import YOUNGEST, AgeBand

AudienceRule = Callable[[str | None, AgeBand | None], AgeBand]


def _without_readers(reader_key: str | None, age_band: AgeBand | None) -> AgeBand:
    """Fails shut: a reader whom nobody can look up is taken for the youngest."""
    return YOUNGEST if reader_key is not None or age_band is None else age_band


_rule: AudienceRule = _without_readers


def register_audience(rule: AudienceRule) -> None:
    """From now on this rule says up to which band a reader, or whoever names a band, may see."""
    global _rule  # one rule for the process, set at start
    _rule = rule


def audience_band(reader_key: str | None, age_band: AgeBand | None) -> AgeBand:
    """The band that an answer for this reader, or for this band, may not exceed."""
    return _rule(reader_key, age_band)
