from collections import Counter
from dataclasses import replace

import pytest

from epicml.evaluation.gate import Basis, decide
from epicml.evaluation.report import Note
from epicml.evaluation.search import SEARCH_RULES, Evaluation, draw_targets, report
from epicml.metrics.keystrokes import Typing

HALF, MOST, NEVER = Typing(4, 2, (0.0,)), Typing(4, 1, (1.0,)), Typing(4, None, (0.0,))
GOOD = Evaluation(
    challenger=[MOST, HALF] * 20,
    baseline=[HALF, HALF] * 20,
    champion=[HALF, MOST] * 20,
    books=60,
    missing_books=0,
    titles_found=40,
    lists=720,
    above_age_band=0,
    counts={"change": 7},
)


def broken(evaluation: Evaluation) -> list[str]:
    found = decide(report(evaluation, method="typed", seed=1), SEARCH_RULES)
    return [result.rule for result in found.results if not result.passed]


class TestReport:
    def test_compares_target_by_target(self) -> None:
        written = report(GOOD, method="typed", seed=1)
        saved = written.measure("keystrokes_saved")
        # of 4 letters 1 and 2 are typed: .75 and .5 are saved, in either order
        assert (saved.challenger, saved.champion, saved.n) == (0.625, 0.625, 40)
        assert (saved.wins, saved.losses, saved.ties) == (20, 20, 0)
        baseline = written.measure("saved_against_baseline")
        assert (baseline.champion, baseline.against) == (0.5, "title-prefix baseline")
        assert (baseline.wins, baseline.losses, baseline.ties) == (20, 0, 20)
        assert baseline.difference is not None
        assert baseline.difference.estimate == 0.125
        assert (written.method, written.counts) == ("typed", {"change": 7})

    def test_says_why_there_is_no_champion(self) -> None:
        first = report(replace(GOOD, champion=None), method="typed", seed=1)
        assert (first.measure("keystrokes_saved").note, first.not_compared) == (Note.NOTHING_LIVE, "")
        damaged = report(replace(GOOD, champion=None, not_compared="it is broken"), method="typed", seed=1)
        assert damaged.measure("keystrokes_saved").note is Note.NOT_COMPARED
        assert damaged.not_compared == "it is broken"


class TestRules:
    def test_pass_a_good_index_and_the_first_one(self) -> None:
        assert broken(GOOD) == []
        assert broken(replace(GOOD, champion=None)) == []

    @pytest.mark.parametrize(
        ("evaluation", "rule"),
        [
            (replace(GOOD, baseline=[MOST, MOST] * 20), "baseline"),
            (replace(GOOD, champion=[MOST, MOST] * 20), "champion"),
            (replace(GOOD, missing_books=1), "complete"),
            (replace(GOOD, titles_found=39), "found"),
            (replace(GOOD, above_age_band=1), "age_band"),
        ],
    )
    def test_refuse_their_own_fault_and_no_other(self, evaluation: Evaluation, rule: str) -> None:
        assert broken(evaluation) == [rule]

    def test_never_pass_an_index_that_finds_nothing(self) -> None:
        nothing = replace(GOOD, challenger=[NEVER] * 40, baseline=[NEVER] * 40, champion=[NEVER] * 40)
        found = decide(report(nothing, method="typed", seed=1), SEARCH_RULES)
        assert [result.rule for result in found.results if result.basis is Basis.CHAMPION_AT_ZERO] == ["champion"]
        assert broken(replace(nothing, titles_found=0)) == ["found"]

    def test_refuse_where_nothing_could_be_typed(self) -> None:
        empty = replace(GOOD, challenger=[], baseline=[], champion=None, titles_found=0)
        assert {"baseline", "champion", "found"} <= set(broken(empty))


class TestDrawTargets:
    def test_is_by_popularity(self) -> None:
        drawn = Counter(draw_targets(["often", "seldom"], popularity=[8, 0], n=10_000, seed=1))
        assert drawn["often"] / 10_000 == pytest.approx(0.9, abs=0.02)  # weights 9 and 1

    def test_is_the_same_for_the_same_seed(self) -> None:
        one, two, other = (draw_targets(range(50), popularity=[1] * 50, n=20, seed=seed) for seed in (1, 1, 2))
        assert one == two != other
