from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from epicml.datasets.audit import Finding, Severity
from epicml.datasets.splits import Split, temporal_split
from epicml.evaluation.gate import decide
from epicml.evaluation.offline import EvaluationSet, fused, popular, rank_all, rankings_of
from epicml.evaluation.recommender import RECOMMENDER_RULES, Evaluation, Trial, evaluation_of, report, title_of
from epicml.recommenders.fusion import FusedRecommender
from tests.epicml.evaluation import goodbooks
from tests.epicml.evaluation.cases import FILLING, FOR_ADULTS, READ, READERS, hit_at, looking_for, rankings

THIN, MINUS = "\u202f", "\u2212"
GOOD_TRIAL = Trial(asked=200, served=200, n_bytes=5_000_000, builds=2, same=2)
GOOD = Evaluation(
    challenger=rankings(hit_at(1)), popularity=rankings(hit_at(5)), champion=rankings(hit_at(1)), trial=GOOD_TRIAL
)


def one_bad_list(book: int) -> Evaluation:
    """All lists are right, but one holds this book."""
    return replace(GOOD, challenger=rankings(lambda reader: [*hit_at(1)(reader)[:9], book] if reader == 3 else
                                            hit_at(1)(reader)))  # fmt: skip


# For each rule one fault that it alone must find, and the numbers that its sentence must name.
FAULTS: Mapping[str, tuple[Evaluation, str]] = {
    # found at the second place and not the first: .6309 against 1
    "not_worse": (
        replace(GOOD, challenger=rankings(hit_at(2))),
        f"NDCG@10 has the lower bound {MINUS}36.9{THIN}%; the rule is lower bound above {MINUS}2{THIN}%.",
    ),
    "above_popularity": (
        replace(GOOD, popularity=rankings(hit_at(1))),
        f"NDCG@10 against popularity has the lower bound +0.0{THIN}%; the rule is lower bound above 0.",
    ),
    # the 8 books looked for and no others, against those and the 32 that fill the champion's lists
    "coverage": (
        replace(GOOD, challenger=rankings(lambda reader: [looking_for(reader)])),
        f"Coverage of the catalogue is 20.0{THIN}% of the champion's; the rule is at least 90{THIN}% of the champion.",
    ),
    "age_band": (one_bad_list(FOR_ADULTS), "Books above the age band is 1; the rule is exactly 0."),
    "already_read": (one_bad_list(READ + 3), "Books already read is 1; the rule is exactly 0."),
    "reproduced": (
        replace(GOOD, trial=replace(GOOD_TRIAL, same=1)),
        "Built again is 1 of 2; the rule is the same hash both times.",
    ),
    "serves": (
        replace(GOOD, trial=replace(GOOD_TRIAL, served=199)),
        "Loads and serves in a trial is 199 of 200; the rule is all.",
    ),
}


class TestRules:
    def test_pass_a_good_model(self) -> None:
        found = decide(report(GOOD, seed=1), RECOMMENDER_RULES)
        assert found.passed, found.reason
        assert found.headline == "Yes. It is not worse than the champion and breaks no rule."

    def test_pass_the_first_good_model(self) -> None:
        found = decide(report(replace(GOOD, champion=None), seed=1), RECOMMENDER_RULES)
        assert found.passed, found.reason
        assert found.headline == "Yes. It breaks no rule, and nothing was live before."

    def test_have_a_fault_each(self) -> None:
        assert list(FAULTS) == [rule.key for rule in RECOMMENDER_RULES]

    @pytest.mark.parametrize("key", FAULTS)
    def test_refuse_their_own_fault_with_both_numbers_and_no_other(self, key: str) -> None:
        evaluation, sentence = FAULTS[key]
        found = decide(report(evaluation, seed=1), RECOMMENDER_RULES)
        assert [result.rule for result in found.results if not result.passed] == [key]
        assert found.reason == sentence

    def test_refuse_a_model_that_was_not_tried(self) -> None:
        found = decide(report(replace(GOOD, trial=None), seed=1), RECOMMENDER_RULES)
        assert [result.rule for result in found.results if not result.passed] == ["reproduced", "serves"]

    def test_refuse_a_model_that_was_built_once_only(self) -> None:
        once = replace(GOOD, trial=replace(GOOD_TRIAL, builds=0, same=0))
        assert decide(report(once, seed=1), RECOMMENDER_RULES).reason.startswith("reproduced was not measured")

    def test_refuse_what_never_hits(self) -> None:
        lost = rankings(lambda reader: [FILLING + reader % 32])
        found = decide(
            report(replace(GOOD, challenger=lost, popularity=lost, champion=None), seed=1), RECOMMENDER_RULES
        )
        assert [result.rule for result in found.results if not result.passed] == ["above_popularity"]


class TestReport:
    def test_compares_reader_by_reader(self) -> None:
        # half of the readers go from the third place (1/2) to the first (1), the others stay at the second
        new = rankings(lambda reader: hit_at(1 if reader % 2 else 2)(reader))
        old = rankings(lambda reader: hit_at(3 if reader % 2 else 2)(reader))
        measure = report(replace(GOOD, challenger=new, champion=old), seed=1).measure("ndcg@10")
        second = 1 / np.log2(3)

        assert measure.challenger == pytest.approx((1 + second) / 2)
        assert measure.champion == pytest.approx((1 / 2 + second) / 2)
        assert measure.difference is not None
        assert measure.difference.estimate == pytest.approx(1 / 4)
        # of 40 readers, each with .5 or 0: a standard error of .25 / sqrt(40), so about .0775 to each side
        assert measure.difference.low == pytest.approx(0.25 - 1.96 * 0.25 / np.sqrt(40), abs=0.01)
        assert measure.difference.high == pytest.approx(0.25 + 1.96 * 0.25 / np.sqrt(40), abs=0.01)
        assert measure.change is not None
        assert measure.change.estimate == pytest.approx((1 + second) / (1 / 2 + second) - 1)
        assert measure.n == READERS

    def test_of_equal_lists_has_no_difference(self) -> None:
        measure = report(GOOD, seed=1).measure("ndcg@10")
        assert measure.difference is not None
        assert (measure.difference.low, measure.difference.estimate, measure.difference.high) == (0, 0, 0)

    def test_gives_the_rows_in_the_order_of_the_page(self) -> None:
        parts = {"item_knn": rankings(hit_at(2)), "author": rankings(hit_at(4))}
        written = report(replace(GOOD, parts=parts), seed=1)
        assert [measure.key for measure in written.measures] == [
            "ndcg@10",
            "recall@20",
            "ndcg@10:popularity",
            "ndcg@10:item_knn",
            "ndcg@10:author",
            "mrr@10",
            "precision@10",
            "coverage",
            "above_band",
            "already_read",
            "bytes",
            "served",
            "reproduced",
        ]
        assert written.method == "temporal split, 40 readers, paired bootstrap"
        assert written.measure("ndcg@10:author").title == "NDCG@10 against same author"
        assert written.measure("ndcg@10:author").champion == pytest.approx(1 / np.log2(5))

    def test_gives_the_champions_figure_in_each_row(self) -> None:
        # the champion finds it at the third place, and for every second reader not at all
        old = rankings(lambda reader: hit_at(3)(reader) if reader % 2 else [FILLING, FOR_ADULTS])
        written = report(replace(GOOD, champion=old), seed=1)
        rows = {measure.key: (measure.challenger, measure.champion) for measure in written.measures}
        assert rows["ndcg@10"] == pytest.approx((1, 0.25))
        assert rows["mrr@10"] == pytest.approx((1, 1 / 6))
        assert rows["precision@10"] == pytest.approx((0.1, 0.05))
        assert rows["recall@20"] == pytest.approx((1, 0.5))
        # odd readers look for four of the eight books; all 32 filling books are shown, and one for adults
        assert rows["coverage"] == pytest.approx((40 / 60, 37 / 60))
        assert rows["above_band"] == (0, 20)

    def test_says_so_while_nothing_is_live(self) -> None:
        measure = report(replace(GOOD, champion=None), seed=1).measure("ndcg@10")
        assert (measure.champion, measure.change, measure.difference) == (None, None, None)
        assert measure.note == "nothing was live"

    def test_says_so_where_what_is_live_was_not_compared(self) -> None:
        written = report(replace(GOOD, champion=None, not_compared="its files are missing"), seed=1)
        measure = written.measure("ndcg@10")
        assert (measure.champion, measure.note, written.not_compared) == (None, "not compared", "its files are missing")
        assert not decide(replace(written, champion="2026-11-24.1"), RECOMMENDER_RULES).passed

    def test_compares_on_the_questions_that_both_were_asked(self) -> None:
        # of 40 readers the first 30 are asked for both; there the challenger is at the third place, else at the first
        some = EvaluationSet(GOOD.challenger.evaluation_set.cases[:30], GOOD.challenger.evaluation_set.features)
        beside = replace(rankings(hit_at(3)), evaluation_set=some, lists=rankings(hit_at(3)).lists[:30])
        champion = replace(GOOD.popularity, evaluation_set=some, lists=rankings(hit_at(1)).lists[:30])
        written = report(
            replace(GOOD, champion=champion, beside_champion=beside, how="on 30 facts that neither saw"), seed=1
        )
        measure = written.measure("ndcg@10")
        assert (measure.challenger, measure.champion, measure.n) == (0.5, 1, 30)
        assert written.measure("ndcg@10:popularity").challenger == 1  # popularity was asked everything
        assert written.slices[0].n == 30
        assert written.method == "temporal split, 40 readers, paired bootstrap; on 30 facts that neither saw"

    def test_says_what_scores_0_and_still_gives_the_difference(self) -> None:
        lost = rankings(lambda reader: [FILLING])
        measure = report(replace(GOOD, popularity=lost), seed=1).measure("ndcg@10:popularity")
        assert (measure.change, measure.note) == (None, "popularity is at or near 0")
        assert measure.difference is not None
        assert measure.difference.low == 1

    def test_says_how_much_no_fault_in_so_many_lists_proves(self) -> None:
        # rule of three: 3 / 40
        assert report(GOOD, seed=1).measure("above_band").note == f"40 lists checked, upper bound 7.50{THIN}%"
        faulty = report(one_bad_list(FOR_ADULTS), seed=1).measure("above_band")
        assert (faulty.challenger, faulty.champion, faulty.note) == (1, 0, "40 lists checked")

    def test_keeps_findings_and_counts(self) -> None:
        finding = Finding(Severity.STOP, "at", "Times go back.", 0.1, 3)
        written = report(replace(GOOD, findings=[finding], counts={"readers": 40}), seed=1)
        assert (written.findings, written.counts) == ((finding,), {"readers": 40})
        assert not decide(written, RECOMMENDER_RULES).passed

    def test_is_the_same_for_the_same_seed(self) -> None:
        new = replace(GOOD, challenger=rankings(lambda reader: hit_at(1 + reader % 5)(reader)))
        assert report(new, seed=1) == report(new, seed=1)
        assert report(new, seed=1) != report(new, seed=2)


class TestSlices:
    def test_divide_the_readers_by_band_and_by_history(self) -> None:
        written = report(GOOD, seed=1)
        assert [(part.group, part.title, part.n) for part in written.slices] == [
            ("age band", "Age 9 to 11", READERS),
            ("history", "New readers, under 5 books", READERS),
        ]

    def test_compare_with_the_champion_or_else_with_popularity(self) -> None:
        with_champion, first = report(GOOD, seed=1), report(replace(GOOD, champion=None), seed=1)
        assert with_champion.slices[0].champion == 1
        assert first.slices[0].champion == pytest.approx(1 / np.log2(6))
        assert first.slices[0].change is not None
        assert first.slices[0].change.estimate == pytest.approx(np.log2(6) - 1)

    def test_of_few_readers_have_no_interval(self) -> None:
        def first_readers(evaluation: Evaluation, n: int) -> Evaluation:
            few = EvaluationSet(
                evaluation.challenger.evaluation_set.cases[:n], evaluation.challenger.evaluation_set.features
            )
            new, old = (
                replace(given, evaluation_set=few, lists=given.lists[:n])
                for given in (GOOD.challenger, GOOD.popularity)
            )
            return replace(evaluation, challenger=new, popularity=old, champion=None)

        assert report(first_readers(GOOD, 19), seed=1).slices[0].change is None
        assert report(first_readers(GOOD, 20), seed=1).slices[0].change is not None


class TestEvidenceOf:
    def test_tells_the_fusion_and_popularity_from_the_parts(self) -> None:
        given = {"fusion": GOOD.challenger, "popularity": GOOD.popularity, "author": GOOD.popularity}
        found = evaluation_of(given, trial=GOOD_TRIAL)
        assert (found.challenger, found.popularity) == (GOOD.challenger, GOOD.popularity)
        assert list(found.parts) == ["author"]
        assert (found.champion, found.trial, found.counts) == (None, GOOD_TRIAL, {})


class TestTitleOf:
    def test_is_the_name_itself_where_people_read_it_so(self) -> None:
        assert [title_of(part) for part in ("lightfm", "series", "sequence")] == [
            "LightFM",
            "next in series",
            "sequence",
        ]


@pytest.fixture(scope="module")
def cut() -> Split:
    return temporal_split(goodbooks.interactions())


@pytest.fixture(scope="module")
def model(cut: Split) -> FusedRecommender:
    return FusedRecommender.fit(cut.train, goodbooks.features(), seed=42, with_lightfm=False)


@pytest.mark.skipif(not (goodbooks.GOODBOOKS / "ratings.csv").exists(), reason="goodbooks is not there")
class TestOnGoodbooks:
    """Three hundred real readers, asked for the last fifth of what they read."""

    @staticmethod
    def sampled(evaluation_set: EvaluationSet) -> EvaluationSet:
        chosen = np.random.default_rng(42).choice(len(evaluation_set.cases), 300, replace=False)
        return EvaluationSet(tuple(evaluation_set.cases[place] for place in np.sort(chosen)), evaluation_set.features)

    def test_the_fusion_is_better_than_popularity_and_each_of_its_parts(
        self, cut: Split, model: FusedRecommender
    ) -> None:
        evaluation_set = self.sampled(EvaluationSet.of(cut, goodbooks.features()))
        written = report(evaluation_of(rank_all(evaluation_set, model)), seed=42)

        against_popularity = written.measure("ndcg@10:popularity")
        assert against_popularity.change is not None
        assert against_popularity.change.low > 0.5
        for part in model.parts:
            measure = written.measure(f"ndcg@10:{part.name}")
            assert measure.champion is not None
            assert measure.challenger > measure.champion
        assert written.measure("already_read").challenger == 0

    def test_the_fusion_is_better_than_popularity_after_a_gap(self, cut: Split, model: FusedRecommender) -> None:
        # who shelves books in batches looks as if reading the next one; ten reads later that is over
        later = temporal_split(goodbooks.interactions(), gap=10)
        assert later.train.sha256() == cut.train.sha256()
        evaluation_set = self.sampled(EvaluationSet.of(later, goodbooks.features()))
        assert (
            rankings_of(evaluation_set, fused(model)).ndcg.mean()
            > rankings_of(evaluation_set, popular(model)).ndcg.mean()
        )
