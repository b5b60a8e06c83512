"""The search index as a kind of release."""

from collections.abc import Callable, Sequence
from datetime import datetime

from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.registry import ReportProgress
from apps.jobs.services.runner.running import RunningJob
from apps.releases.selectors.listing import ReleaseRow, releases
from apps.releases.services import catalogue
from apps.releases.services.kinds import ReleaseKind
from apps.releases.services.making import make_release
from apps.search.engines.protocol import IndexOfOtherFormError
from apps.search.services.applying import apply_changes, keeps_copy, queue_for_release
from apps.search.services.building import BuiltIndex, Library, audit_catalogue, build_index, snapshot_catalogue
from apps.search.services.evaluating import WORDS, evaluate_index
from apps.search.serving import KIND
from epicml.evaluation.search import SEARCH_RULES
from epicml.search.fields import TOKENS_VERSION

REBUILD_JOB = "search.rebuild"
LAST_RELEASES = 20  # more are not made between two promotions by a schedule
NIGHTLY = "nightly rebuild"
OTHER_FORM = f"the live index is not of form {TOKENS_VERSION}"

SEARCH_INDEX = ReleaseKind(
    name=KIND,
    title="Search index",
    question="Is this index better than the one that is live?",
    snapshot=snapshot_catalogue,
    audit=audit_catalogue,
    fit=build_index,
    evaluate=evaluate_index,
    snapshot_type=Library,
    fitted_type=BuiltIndex,
    rules=SEARCH_RULES,
    words=WORDS,
    on_promoted=queue_for_release,
    acceptable_findings=catalogue.ACCEPTABLE,
    command="rebuild_search_index",
    touches="search and suggestions of all readers",
)


def rebuild_index(
    *,
    created_by: str,
    why: str,
    clock: Callable[[], datetime],
    promote: bool,
    accept: Sequence[str] = (),
    job: RunningJob | None = None,
    progress: ReportProgress | None = None,
) -> ReleaseRow:
    """Build a new index as far as it comes; where it goes live make its working copy, so that no write is missed.

    `accept` names refusals that whoever builds takes upon themselves; `why` is then the reason that is kept.
    """
    row = make_release(
        KIND,
        created_by=created_by,
        why=why,
        clock=clock,
        promote=promote,
        accept=accept,
        job=job,
        progress=progress,
    )
    # One that is refused leaves whatever was live, perhaps of another form; a job may run where nobody is answered.
    if row.state == "live" and (job is None or keeps_copy()):
        apply_changes(progress=job.report_progress if job else progress)
    return row


def catch_up(*, now: datetime, progress: ReportProgress | None = None, waits: bool = True) -> None:
    """Bring the working copy up to the last change; where another version made the live index, queue a new one.

    Once for each time such an index goes live: a new one that its gate refuses waits for a person.
    """
    try:
        apply_changes(progress=progress, waits=waits)
    except IndexOfOtherFormError:
        live = next(iter(releases(kind=KIND, states=["live"], limit=1)))
        tried = (row for row in releases(kind=KIND, limit=LAST_RELEASES) if row.why == OTHER_FORM)
        if not any(live.promoted_at is None or row.created_at >= live.promoted_at for row in tried):
            enqueue(REBUILD_JOB, {"why": OTHER_FORM}, key=REBUILD_JOB, now=now)
