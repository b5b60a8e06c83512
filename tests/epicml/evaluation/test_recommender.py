from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from epicml.datasets.audit import Finding, Severity
from epicml.datasets.splits import Split, temporal_split
from epicml.evaluation.gate import Basis, decide
from epicml.evaluation.offline import EvaluationSet, fused, popular, rank_all, rankings_of
from epicml.evaluation.recommender import RECOMMENDER_RULES, Evaluation, Trial, evaluation_of, report, title_of
from epicml.evaluation.report import Note
from epicml.recommenders.fusion import FusedRecommender
from tests.epicml.evaluation import goodbooks
from tests.epicml.evaluation.cases import FILLING, FOR_ADULTS, READ, READERS, hit_at, looking_for, rankings

GOOD_TRIAL = Trial(asked=200, served=200, n_bytes=5_000_000, builds=2, same=2)
GOOD = Evaluation(
    challenger=rankings(hit_at(1)),
    popularity=rankings(hit_at(5)),
    parts={"author": rankings(hit_at(6))},
    champion=rankings(hit_at(1)),
    trial=GOOD_TRIAL,
)
METHOD = "temporal split"


def one_bad_list(book: int) -> Evaluation:
    """All lists are right, but one holds this book."""
    return replace(GOOD, challenger=rankings(lambda reader: [*hit_at(1)(reader)[:9], book] if reader == 3 else
                                            hit_at(1)(reader)))  # fmt: skip


# For each rule one fault that it alone must find, and the number that it holds against its limit.
FAULTS: Mapping[str, tuple[Evaluation, float]] = {
    # found at the second place and not the first: .6309 against 1
    "not_worse": (replace(GOOD, challenger=rankings(hit_at(2))), 1 / np.log2(3) - 1),
    "above_popularity": (replace(GOOD, popularity=rankings(hit_at(1))), 0),
    # the 8 books looked for and no others, against those and the 32 that fill the champion's lists
    "coverage": (replace(GOOD, challenger=rankings(lambda reader: [looking_for(reader)])), 8 / 40),
    "age_band": (one_bad_list(FOR_ADULTS), 1),
    "already_read": (one_bad_list(READ + 3), 1),
    "reproduced": (replace(GOOD, trial=replace(GOOD_TRIAL, same=1)), 1),
    "serves": (replace(GOOD, trial=replace(GOOD_TRIAL, served=199)), 199),
    "above_parts": (replace(GOOD, parts={"author": rankings(hit_at(6)), "item_knn": rankings(hit_at(1))}), 0),
}


def first_cases(n: int) -> EvaluationSet:
    whole = GOOD.challenger.evaluation_set
    return EvaluationSet(whole.cases[:n], whole.features)


class TestRules:
    def test_pass_a_good_model(self) -> None:
        found = decide(report(GOOD, method=METHOD, seed=1), RECOMMENDER_RULES)
        assert found.passed, found.open

    def test_pass_the_first_good_model(self) -> None:
        found = decide(report(replace(GOOD, champion=None), method=METHOD, seed=1), RECOMMENDER_RULES)
        assert found.passed, found.open
        assert [result.basis for result in found.results if result.basis is Basis.NOTHING_LIVE] == [
            Basis.NOTHING_LIVE
        ] * 2

    def test_have_a_fault_each(self) -> None:
        assert list(FAULTS) == [rule.key for rule in RECOMMENDER_RULES]

    @pytest.mark.parametrize("key", FAULTS)
    def test_refuse_their_own_fault_with_both_numbers_and_no_other(self, key: str) -> None:
        evaluation, tested = FAULTS[key]
        found = decide(report(evaluation, method=METHOD, seed=1), RECOMMENDER_RULES)
        (broken,) = (result for result in found.results if not result.passed)
        assert broken.rule == key
        assert broken.tested == pytest.approx(tested)

    def test_refuse_a_model_that_was_not_tried(self) -> None:
        found = decide(report(replace(GOOD, trial=None), method=METHOD, seed=1), RECOMMENDER_RULES)
        assert [result.rule for result in found.results if not result.passed] == ["reproduced", "serves"]

    def test_refuse_a_model_that_was_built_once_only(self) -> None:
        once = replace(GOOD, trial=replace(GOOD_TRIAL, builds=0, same=0))
        found = decide(report(once, method=METHOD, seed=1), RECOMMENDER_RULES)
        assert [(one.rule, one.basis) for one in found.results if not one.passed] == [
            ("reproduced", Basis.NOT_MEASURED)
        ]

    def test_refuse_what_never_hits(self) -> None:
        lost = rankings(lambda reader: [FILLING + reader % 32])
        found = decide(
            report(
                replace(GOOD, challenger=lost, popularity=lost, parts={"author": lost}, champion=None),
                method=METHOD,
                seed=1,
            ),
            RECOMMENDER_RULES,
        )
        assert [result.rule for result in found.results if not result.passed] == ["above_popularity", "above_parts"]


class TestReport:
    def test_compares_reader_by_reader(self) -> None:
        # half of the readers go from the third place (1/2) to the first (1), the others stay at the second
        new = rankings(lambda reader: hit_at(1 if reader % 2 else 2)(reader))
        old = rankings(lambda reader: hit_at(3 if reader % 2 else 2)(reader))
        measure = report(replace(GOOD, challenger=new, champion=old), method=METHOD, seed=1).measure("ndcg@10")
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
        measure = report(GOOD, method=METHOD, seed=1).measure("ndcg@10")
        assert measure.difference is not None
        assert (measure.difference.low, measure.difference.estimate, measure.difference.high) == (0, 0, 0)

    def test_gives_the_rows_in_the_order_of_the_page(self) -> None:
        parts = {"item_knn": rankings(hit_at(2)), "author": rankings(hit_at(4))}
        written = report(replace(GOOD, parts=parts), method=METHOD, seed=1)
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
            "ndcg@10:best_part",
        ]
        assert written.method == METHOD
        assert written.measure("ndcg@10:best_part").title == "NDCG@10 against its best part, item-kNN"
        assert written.measure("ndcg@10:author").title == "NDCG@10 against same author"
        assert written.measure("ndcg@10:author").champion == pytest.approx(1 / np.log2(5))

    def test_gives_the_champions_figure_in_each_row(self) -> None:
        # the champion finds it at the third place, and for every second reader not at all
        old = rankings(lambda reader: hit_at(3)(reader) if reader % 2 else [FILLING, FOR_ADULTS])
        written = report(replace(GOOD, champion=old), method=METHOD, seed=1)
        rows = {measure.key: (measure.challenger, measure.champion) for measure in written.measures}
        assert rows["ndcg@10"] == pytest.approx((1, 0.25))
        assert rows["mrr@10"] == pytest.approx((1, 1 / 6))
        assert rows["precision@10"] == pytest.approx((0.1, 0.05))
        assert rows["recall@20"] == pytest.approx((1, 0.5))
        # odd readers look for four of the eight books; all 32 filling books are shown, and one for adults
        assert rows["coverage"] == pytest.approx((40 / 60, 37 / 60))
        assert rows["above_band"] == (0, 20)

    def test_says_so_while_nothing_is_live(self) -> None:
        measure = report(replace(GOOD, champion=None), method=METHOD, seed=1).measure("ndcg@10")
        assert (measure.champion, measure.change, measure.difference) == (None, None, None)
        assert measure.note is Note.NOTHING_LIVE

    def test_says_so_where_what_is_live_was_not_compared(self) -> None:
        written = report(replace(GOOD, champion=None, not_compared="its files are missing"), method=METHOD, seed=1)
        measure = written.measure("ndcg@10")
        assert (measure.champion, measure.note, written.not_compared) == (
            None,
            Note.NOT_COMPARED,
            "its files are missing",
        )
        assert not decide(replace(written, champion="2026-11-24.1"), RECOMMENDER_RULES).passed

    def test_compares_on_the_cases_that_both_were_ranked_for(self) -> None:
        # of 40 readers the first 30 are asked for both; there the challenger is at the third place, else at the first
        some = EvaluationSet(GOOD.challenger.evaluation_set.cases[:30], GOOD.challenger.evaluation_set.features)
        beside = replace(rankings(hit_at(3)), evaluation_set=some, lists=rankings(hit_at(3)).lists[:30])
        champion = replace(GOOD.popularity, evaluation_set=some, lists=rankings(hit_at(1)).lists[:30])
        written = report(replace(GOOD, champion=champion, beside_champion=beside), method=METHOD, seed=1)
        measure = written.measure("ndcg@10")
        assert (measure.challenger, measure.champion, measure.n) == (0.5, 1, 30)
        assert written.measure("ndcg@10:popularity").challenger == 1  # popularity was asked everything
        assert written.slices[0].n == 30

    def test_says_what_scores_0_and_still_gives_the_difference(self) -> None:
        lost = rankings(lambda reader: [FILLING])
        measure = report(replace(GOOD, popularity=lost), method=METHOD, seed=1).measure("ndcg@10:popularity")
        assert (measure.change, measure.note) == (None, Note.NEAR_ZERO)
        assert measure.difference is not None
        assert measure.difference.low == 1

    def test_says_how_much_no_fault_in_so_many_lists_proves(self) -> None:
        # rule of three: 3 / 40
        clean = report(GOOD, method=METHOD, seed=1).measure("above_band")
        assert (clean.challenger, clean.n, clean.upper) == (0, 40, 3 / 40)
        faulty = report(one_bad_list(FOR_ADULTS), method=METHOD, seed=1).measure("above_band")
        assert (faulty.challenger, faulty.champion, faulty.n, faulty.upper) == (1, 0, 40, None)

    def test_says_nothing_of_fewer_lists_than_a_bound_has(self) -> None:
        few = replace(GOOD.challenger, lists=GOOD.challenger.lists[:2], evaluation_set=first_cases(2))
        evaluation = replace(GOOD, challenger=few, popularity=few, parts={}, champion=None)
        measure = report(evaluation, method=METHOD, seed=1).measure("above_band")
        assert measure.upper == 1  # 3 / 2 is no share

    def test_measures_after_a_gap_against_popularity(self) -> None:
        after = rankings(hit_at(2)), rankings(hit_at(4))
        measure = report(replace(GOOD, after_gap=after), method=METHOD, seed=1).measure("ndcg@10:gap10")
        assert (measure.challenger, measure.champion) == pytest.approx((1 / np.log2(3), 1 / np.log2(5)))

    def test_keeps_findings_and_counts(self) -> None:
        finding = Finding(Severity.STOP, "at", "Times go back.", 0.1, 3)
        written = report(replace(GOOD, findings=[finding], counts={"readers": 40}), method=METHOD, seed=1)
        assert (written.findings, written.counts) == ((finding,), {"readers": 40})
        assert not decide(written, RECOMMENDER_RULES).passed

    def test_is_the_same_for_the_same_seed(self) -> None:
        new = replace(GOOD, challenger=rankings(lambda reader: hit_at(1 + reader % 5)(reader)))
        assert report(new, method=METHOD, seed=1) == report(new, method=METHOD, seed=1)
        assert report(new, method=METHOD, seed=1) != report(new, method=METHOD, seed=2)


class TestSlices:
    def test_divide_the_readers_by_band_and_by_history(self) -> None:
        written = report(GOOD, method=METHOD, seed=1)
        assert [(part.group, part.title, part.n) for part in written.slices] == [
            ("age band", "Age 9 to 11", READERS),
            ("history", "New readers, under 5 books", READERS),
        ]

    def test_compare_with_the_champion_or_else_with_popularity(self) -> None:
        with_champion, first = (
            report(GOOD, method=METHOD, seed=1),
            report(replace(GOOD, champion=None), method=METHOD, seed=1),
        )
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
            return replace(evaluation, challenger=new, popularity=old, parts={}, champion=None)

        assert report(first_readers(GOOD, 19), method=METHOD, seed=1).slices[0].change is None
        assert report(first_readers(GOOD, 20), method=METHOD, seed=1).slices[0].change is not None


class TestEvaluationOf:
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

    def test_the_fusion_is_better_than_popularity_and_each_of_its_parts(
        self, cut: Split, model: FusedRecommender
    ) -> None:
        evaluation_set = EvaluationSet.of(cut, goodbooks.features()).sample(most=300, seed=42)
        written = report(evaluation_of(rank_all(evaluation_set, model)), method=METHOD, seed=42)

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
        evaluation_set = EvaluationSet.of(later, goodbooks.features()).sample(most=300, seed=42)
        assert (
            rankings_of(evaluation_set, fused(model)).ndcg.mean()
            > rankings_of(evaluation_set, popular(model)).ndcg.mean()
        )
