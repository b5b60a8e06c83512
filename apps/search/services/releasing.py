"""The search index as a kind of release."""

from collections.abc import Callable, Sequence
from datetime import datetime

from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services import catalogue
from apps.releases.services.kinds import Progress, ReleaseKind
from apps.releases.services.making import make_release
from apps.search.selectors.live_index import KIND
from apps.search.services.applying import apply_changes, queue_for_release
from apps.search.services.building import build_index
from apps.search.services.evaluating import RULES, evaluate_index

SEARCH_INDEX = ReleaseKind(
    name=KIND,
    title="Search index",
    question="Is this index better than the one that is live?",
    build=build_index,
    evaluate=evaluate_index,
    rules=RULES,
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
    job: int | None = None,
    progress: Progress | None = None,
) -> ReleaseRow:
    """A new index as far as it came; where it went live its working copy is made, so that nothing written is missed.

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
    if row.state == "live":
        apply_changes(progress=progress)
    return row
