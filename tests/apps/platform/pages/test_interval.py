import re

import pytest

from apps.platform.pages.interval import Axis, Estimate, axis_for, label, pill, ticks_svg

AXIS = Axis(-0.04, 0.08, (-0.04, -0.02, 0.0, 0.02, 0.04, 0.06, 0.08))


class TestEstimate:
    @pytest.mark.parametrize(
        ("low", "high", "up", "down"),
        [
            (0.01, 0.04, "better", "worse"),
            (-0.04, -0.01, "worse", "better"),
            (-0.01, 0.02, "flat", "flat"),
            (0, 0.1, "flat", "flat"),
        ],
    )
    def test_is_proven_only_when_the_whole_interval_is(self, low: float, high: float, up: str, down: str) -> None:
        estimate = Estimate((low + high) / 2, low, high)
        assert (estimate.state("up"), estimate.state("down")) == (up, down)


class TestAxis:
    def test_places_are_percent_of_its_length(self) -> None:
        assert [AXIS.x(value) for value in (-0.04, 0.0, 0.08)] == pytest.approx([0, 100 / 3, 100])

    def test_is_fitted_to_the_middle_rows_and_not_the_widest(self) -> None:
        rows = [Estimate(0.032, 0.019, 0.045), Estimate(0.028, 0.011, 0.044), Estimate(0.311, 0.242, 0.38)]
        axis = axis_for(rows)
        assert axis.low <= 0 <= axis.high < 0.2

    def test_holds_zero_and_the_margin_even_where_no_row_reaches_them(self) -> None:
        axis = axis_for([Estimate(0.03, 0.02, 0.04)], include=[-0.02])
        assert axis.low <= -0.02
        assert 0.0 in axis.ticks

    def test_of_nothing_is_still_an_axis(self) -> None:
        assert axis_for([]).low < axis_for([]).high

    def test_has_at_most_seven_ticks(self) -> None:
        assert len(axis_for([Estimate(0.2, 0.013, 0.517)]).ticks) <= 8


class TestPill:
    def test_says_in_words_what_it_shows(self) -> None:
        assert label(Estimate(0.041, 0.023, 0.059), wanted="up") == (
            "+4.1\u202f%, 95\u202f% interval 2.3 to 5.9\u202f%: better"
        )

    def test_is_filled_when_zero_is_excluded_and_hollow_otherwise(self) -> None:
        assert "e-i-better" in pill(Estimate(0.032, 0.019, 0.045), AXIS)
        assert "e-i-flat" in pill(Estimate(0.014, -0.006, 0.033), AXIS)

    def test_every_place_is_in_percent(self) -> None:
        drawn = pill(Estimate(0.02, 0.0, 0.04), AXIS)
        assert re.search(r'<rect class="e-i-bar e-i-flat" x="33.33%" y="12" width="33.33%"', drawn)

    def test_beyond_the_axis_is_cut_with_a_chevron(self) -> None:
        assert pill(Estimate(0.06, 0.02, 0.1), AXIS).count("e-i-cut") == 1

    def test_wholly_outside_only_the_chevron_is_left(self) -> None:
        drawn = pill(Estimate(0.31, 0.24, 0.38), AXIS)
        assert "e-i-cut" in drawn
        assert "e-i-bar" not in drawn

    def test_a_margin_is_dashed_and_hatched_on_the_refused_side(self) -> None:
        drawn = pill(Estimate(0.02, 0.01, 0.03), AXIS, margin=-0.02)
        assert "e-i-margin" in drawn
        assert '<svg x="0.00%" width="16.67%"' in drawn


class TestTicks:
    def test_only_the_last_carries_the_unit(self) -> None:
        drawn = ticks_svg(AXIS)
        assert drawn.count("%</text>") == 1
        assert ">+8\u202f%</text>" in drawn
        assert ">\u22124</text>" in drawn

    def test_a_long_last_number_has_the_room_of_its_neighbour(self) -> None:
        drawn = ticks_svg(Axis(-1.0, 3.0, (-1.0, 0.0, 1.0, 2.0, 3.0)))
        assert ">+300\u202f%</text>" in drawn
        assert "+200" not in drawn

    def test_the_more_steps_the_less_room_has_each_number(self) -> None:
        drawn = ticks_svg(Axis(-0.2, 0.8, (-0.2, 0.0, 0.2, 0.4, 0.6, 0.8)))
        assert ">+80\u202f%</text>" in drawn
        assert ">+40</text>" in drawn
        assert "+60" not in drawn
