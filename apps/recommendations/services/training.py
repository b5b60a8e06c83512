"""The recommender as a kind of release: how it is trained, and what it must prove before it serves."""

from collections.abc import Callable, Sequence
from datetime import datetime

from apps.jobs.services.ledger.registry import ReportProgress
from apps.jobs.services.runner.running import RunningJob
from apps.recommendations.services.auditing import ROWS_LOST, audit
from apps.recommendations.services.building import FittedModels, fit, snapshot
from apps.recommendations.services.reporting import evaluate
from apps.recommendations.services.snapshot import Snapshot
from apps.recommendations.serving import KIND
from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services import catalogue
from apps.releases.services.kinds import ReleaseKind, register_kind
from apps.releases.services.making import make_release
from apps.releases.services.wording import RuleWords
from epicml.evaluation.gate import Bound, GateRule
from epicml.evaluation.recommender import RECOMMENDER_RULES

SMALL_ENOUGH = GateRule("memory", "bytes", Bound.AT_MOST, 512 * 2**20, acceptable=True)  # each web worker holds one
RULES = (*RECOMMENDER_RULES, SMALL_ENOUGH)
WORDS = {
    "not_worse": RuleWords("It may be worse than the champion."),
    "above_popularity": RuleWords("It is not proven better than popular books."),
    "coverage": RuleWords("It would show too few different books."),
    "age_band": RuleWords(
        "It would show books above a reader's age band.",
        "book above the reader's age band was recommended",
        "books above the reader's age band were recommended",
    ),
    "already_read": RuleWords(
        "It would show books already read.", "already-read book was recommended", "already-read books were recommended"
    ),
    "reproduced": RuleWords(
        "Built twice, it is not the same model.", "rebuild reproduced the hash", "rebuilds reproduced the hash"
    ),
    "serves": RuleWords(
        "It does not serve in a trial.",
        "trial list came full and without an error",
        "trial lists came full and without an error",
    ),
    "above_parts": RuleWords("It is not proven better than one of its parts alone."),
    "memory": RuleWords("It needs too much memory."),
}


def register() -> None:
    """Let recommenders be made, promoted and rolled back like every release."""
    register_kind(
        ReleaseKind(
            name=KIND,
            title="Recommender",
            question="May this model replace the live one?",
            snapshot=snapshot,
            audit=audit,
            fit=fit,
            evaluate=evaluate,
            snapshot_type=Snapshot,
            fitted_type=FittedModels,
            readers_in=lambda taken: taken.readers.ids,
            rules=RULES,
            words=WORDS,
            touches="home pages, recommendations and similar books of all readers",
            acceptable_findings=(ROWS_LOST, *catalogue.ACCEPTABLE),
            command="train_recommender",
        )
    )


def retrain(
    *,
    created_by: str,
    why: str,
    clock: Callable[[], datetime],
    promote: bool,
    with_lightfm: bool = True,
    accept: Sequence[str] = (),
    job: RunningJob | None = None,
    progress: ReportProgress | None = None,
) -> ReleaseRow:
    """Make a recommender from everything readers did up to now; live if it passes its gate and is to be promoted.

    `accept` names refusals that whoever trains takes upon themselves; `why` is then the reason that is kept.
    """
    return make_release(
        KIND,
        created_by=created_by,
        why=why,
        clock=clock,
        promote=promote,
        accept=accept,
        job=job,
        options={"lightfm": with_lightfm},
        progress=progress,
    )
