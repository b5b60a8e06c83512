import pytest

from apps.catalog.services import audience
from apps.catalog.services.audience import answered_for, register_audience
from epicml.audience.asking import AnsweredFor, Naming
from epicml.audience.bands import AgeBand


class TestAnsweredFor:
    def test_fails_shut_while_nobody_knows_the_readers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(audience, "_rule", audience._without_readers)

        assert answered_for("somebody", AgeBand.ADULT).age_band is AgeBand.AGES_0_TO_5
        assert answered_for(None, None).age_band is AgeBand.AGES_0_TO_5
        assert answered_for(None, AgeBand.ADULT).age_band is AgeBand.ADULT

    def test_follows_the_registered_rule(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(audience, "_rule", audience._rule)
        register_audience(lambda reader, band, _: AnsweredFor(AgeBand.AGES_6_TO_8, Naming.KNOWN, band, reader))

        assert answered_for("somebody", AgeBand.ADULT).age_band is AgeBand.AGES_6_TO_8
