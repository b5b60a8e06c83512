import pytest

from apps.catalog.services import audience
from apps.catalog.services.audience import audience_band, register_audience
from epicml.audience.bands import AgeBand


class TestAudienceBand:
    def test_fails_shut_while_nobody_knows_the_readers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(audience, "_rule", audience._without_readers)

        assert audience_band("somebody", AgeBand.ADULT) is AgeBand.AGES_0_TO_5
        assert audience_band(None, None) is AgeBand.AGES_0_TO_5
        assert audience_band(None, AgeBand.ADULT) is AgeBand.ADULT

    def test_follows_the_registered_rule(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(audience, "_rule", audience._rule)
        register_audience(lambda reader, band: AgeBand.AGES_6_TO_8)

        assert audience_band("somebody", AgeBand.ADULT) is AgeBand.AGES_6_TO_8
