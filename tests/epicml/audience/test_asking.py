from itertools import product

import pytest

from epicml.audience.asking import Naming, answer_band
from epicml.audience.bands import AgeBand

BANDS = (None, *AgeBand)


class TestAnswerBand:
    @pytest.mark.parametrize(("own", "asked"), list(product(AgeBand, BANDS)))
    def test_of_a_known_reader_is_never_above_the_own_band_nor_the_one_asked_for(
        self, own: AgeBand, asked: AgeBand | None
    ) -> None:
        found = answer_band(Naming.KNOWN, reader_band=own, asked=asked)

        assert found in {own, asked}
        assert found <= own
        assert asked is None or found <= asked

    @pytest.mark.parametrize("asked", BANDS)
    @pytest.mark.parametrize("naming", [Naming.UNKNOWN, Naming.MALFORMED])
    def test_of_a_stranger_is_the_youngest(self, naming: Naming, asked: AgeBand | None) -> None:
        assert answer_band(naming, reader_band=None, asked=asked) is AgeBand.AGES_0_TO_5

    @pytest.mark.parametrize("asked", AgeBand)
    def test_of_nobody_is_the_one_asked_for_else_the_youngest(self, asked: AgeBand) -> None:
        assert answer_band(Naming.NOBODY, reader_band=None, asked=asked) is asked
        assert answer_band(Naming.NOBODY, reader_band=None, asked=None) is AgeBand.AGES_0_TO_5
