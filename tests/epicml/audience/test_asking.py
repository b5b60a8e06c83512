from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.audience.asking import TRUSTED, Lowering, Naming, Proof, Standing, answer_band, answered
from epicml.audience.bands import AgeBand

BANDS = (None, *AgeBand)
SIX, ADULT = AgeBand.AGES_6_TO_8, AgeBand.ADULT


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
    @pytest.mark.parametrize("naming", [Naming.UNKNOWN, Naming.MALFORMED, Naming.NOT_PROVEN])
    def test_of_a_stranger_is_the_youngest(self, naming: Naming, asked: AgeBand | None) -> None:
        assert answer_band(naming, reader_band=None, asked=asked) is AgeBand.AGES_0_TO_5

    @pytest.mark.parametrize("asked", AgeBand)
    def test_of_nobody_is_the_one_asked_for_else_the_youngest(self, asked: AgeBand) -> None:
        assert answer_band(Naming.NOBODY, reader_band=None, asked=asked) is asked
        assert answer_band(Naming.NOBODY, reader_band=None, asked=None) is AgeBand.AGES_0_TO_5

    @given(
        st.sampled_from(Naming),
        st.sampled_from(AgeBand),
        st.sampled_from(BANDS),
        st.sampled_from(AgeBand),
        st.sampled_from(AgeBand),
    )
    def test_is_never_above_what_the_key_shows(
        self, naming: Naming, own: AgeBand, asked: AgeBand | None, highest: AgeBand, unproven: AgeBand
    ) -> None:
        standing = Standing(highest=highest, unproven=unproven, must_prove=True)
        band = own if naming is Naming.KNOWN else None
        found = answer_band(naming, reader_band=band, asked=asked, standing=standing)
        without = answer_band(naming, reader_band=band, asked=asked)
        ceiling = highest if naming is Naming.KNOWN else min(highest, unproven)
        assert found == min(without, ceiling)


class TestAnswered:
    @pytest.mark.parametrize(
        ("naming", "own", "asked", "standing", "band", "lowered"),
        [
            (Naming.KNOWN, SIX, ADULT, TRUSTED, SIX, Lowering.READER),
            (Naming.KNOWN, ADULT, SIX, TRUSTED, SIX, None),
            (Naming.KNOWN, ADULT, None, Standing(highest=SIX), SIX, Lowering.KEY),
            (Naming.KNOWN, ADULT, ADULT, Standing(highest=ADULT, unproven=SIX), ADULT, None),
            (Naming.NOBODY, None, ADULT, Standing(highest=SIX, unproven=SIX), SIX, Lowering.KEY),
            (Naming.NOBODY, None, ADULT, Standing(highest=ADULT, unproven=SIX), SIX, Lowering.NO_PROOF),
            (Naming.NOBODY, None, SIX, Standing(highest=ADULT, unproven=SIX), SIX, None),
            (Naming.NOBODY, None, None, Standing(highest=ADULT, unproven=ADULT), AgeBand.AGES_0_TO_5, None),
            (Naming.NOT_PROVEN, None, ADULT, Standing(must_prove=True), AgeBand.AGES_0_TO_5, None),
        ],
    )
    def test_says_what_lowered_the_band(
        self,
        naming: Naming,
        own: AgeBand | None,
        asked: AgeBand | None,
        standing: Standing,
        band: AgeBand,
        lowered: Lowering | None,
    ) -> None:
        found = answered(naming, reader=None, reader_band=own, asked=asked, standing=standing)
        assert (found.age_band, found.lowered) == (band, lowered)


class TestStanding:
    @pytest.mark.parametrize(
        ("standing", "proven"),
        [
            (TRUSTED, {"mia", "tom", "MIA"}),
            (Standing(must_prove=True), set()),
            (Standing(must_prove=True, proof=Proof("mia", 7)), {"mia"}),
            (Standing(proof=Proof("mia", 7)), {"mia"}),
        ],
    )
    def test_says_who_may_be_answered_for(self, standing: Standing, proven: set[str]) -> None:
        assert {reader for reader in ("mia", "tom", "MIA") if standing.is_proven(reader)} == proven
