"""A release becomes the live one of its kind, by promotion or by rolling back: one transaction, the same both ways."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.platform.services.errors import ConflictError
from apps.releases import artifacts
from apps.releases.models import Decision, Release
from apps.releases.selectors.listing import ReleaseRow, find_release, release_row
from apps.releases.selectors.live import LiveRelease, live_release
from apps.releases.services import accepting, retention
from apps.releases.services.kinds import release_kind

LONGEST_HEADLINE = 300


class GateNotPassedError(ConflictError):
    """Only what passed its gate is served."""

    code = "gate_not_passed"


class NotPromotableError(ConflictError):
    """The release is in a state from which it cannot become live."""

    code = "not_promotable"


def promote_release(
    kind: str, key: str, *, decided_by: str, why: str, now: datetime, accept: Sequence[str] = ()
) -> ReleaseRow:
    """Make this release the live one of its kind; the one it replaced can be rolled back to.

    Where it was refused, `accept` names each refusal that is accepted; the row keeps who, when and why.
    """
    release = find_release(kind, key)
    names = accepting.checked_names(release_kind(kind), accept, why=why) if accept else ()
    if not release.may_be_accepted:
        _check_gate(release)
    _check_champion(release)
    _check_files(release)
    decision = Decision(action=Decision.Action.PROMOTE, decided_by=decided_by, why=why, at=now)
    with_build = [accepted["name"] for accepted in release.accepted]
    if release.may_be_accepted and not set(release.open_refusals) <= set(names):
        raise accepting.NotAcceptedError(f"{release} cannot be live: {release.gate_reason}")
    decision.accepted = with_build + (release.open_refusals if release.may_be_accepted else [])
    _make_live(release, decision)
    return release_row(kind, key)


def roll_back(kind: str, *, decided_by: str, why: str, now: datetime, to: str | None = None) -> ReleaseRow:
    """Make the release live again that was live before the present one, or the named one."""
    release = find_release(kind, to) if to else _predecessor(kind)
    _check_gate(release)
    if release.state == Release.State.PASSED:
        raise NotPromotableError(f"{release} was never live; promote it instead.")
    _make_live(release, Decision(action=Decision.Action.ROLL_BACK, decided_by=decided_by, why=why, at=now))
    return release_row(kind, release.key)


def _predecessor(kind: str) -> Release:
    """Find what the live release replaced when it was promoted: rolling back twice goes back twice, never forth."""
    current = Release.objects.of_kind(kind).live().first()
    if current is None:
        raise NotPromotableError(f"No {kind} is live, so there is nothing to roll back from.")
    promotion = current.decisions.filter(action=Decision.Action.PROMOTE).order_by("-id").first()
    if promotion is None or promotion.replaced is None:
        raise NotPromotableError(f"Nothing was live before {current}, so there is nothing to roll back to.")
    return promotion.replaced


def _check_gate(release: Release) -> None:
    if not release.gate_passed:
        raise GateNotPassedError(f"{release} cannot be live: {release.gate_reason or 'its gate has not decided yet'}")
    if release.state == Release.State.LIVE:
        raise NotPromotableError(f"{release} is live already.")


def _check_champion(release: Release) -> None:
    """Refuse a release whose gate compared it with another champion: against this one nothing is proven."""
    live = live_release(release.kind)
    was_live = release.state in {Release.State.LIVE, Release.State.RETIRED}
    if not was_live and release.champion_id != (live.id if live else None):
        compared, now_live = release.champion or "nothing", live.key if live else "nothing"
        raise NotPromotableError(f"{release} was compared with {compared}, but {now_live} is live now; build it again.")


def _check_files(release: Release) -> None:
    if release.artifact_removed_at is not None:
        raise NotPromotableError(f"The files of {release} were removed; build it again.")


def _make_live(release: Release, decision: Decision) -> None:
    _check_files(release)
    try:
        artifacts.open_verified(release.kind, release.key, release.sha256)
    except artifacts.ArtifactCorruptError:
        _check_files(Release.objects.get(pk=release.pk))  # another decision may have removed them meanwhile
        raise
    try:
        with transaction.atomic():
            _exchange(release, decision)
    except IntegrityError as error:  # the constraint releases_one_live_of_a_kind
        raise ConflictError(f"Another {release.kind} was made live at the same moment; look again.") from error


def _exchange(release: Release, decision: Decision) -> None:
    now = decision.at
    # Other decisions on this kind wait until this transaction ends; its first release stands for the kind. On SQLite
    # every writing transaction is alone anyway (IMMEDIATE).
    Release.objects.select_for_update().of_kind(release.kind).order_by("pk").values_list("pk", flat=True).first()
    if decision.action == Decision.Action.PROMOTE:
        _check_champion(release)  # again: somebody may have decided while this one read the files
    decision.release, decision.replaced = release, Release.objects.of_kind(release.kind).live().first()
    Release.objects.of_kind(release.kind).live().update(state=Release.State.RETIRED, retired_at=now)
    ready = Release.objects.filter(pk=release.pk, state=release.state, artifact_removed_at=None)
    if not ready.update(
        state=Release.State.LIVE, promoted_at=now, retired_at=None, **_acceptance_fields(release, decision)
    ):
        raise NotPromotableError(f"{release} changed in the meantime; look again.")
    decision.save(force_insert=True)
    kind = release_kind(release.kind)
    if kind.on_promoted:
        live = LiveRelease(release.pk, release.kind, release.key, release.sha256, release.manifest, now)
        kind.on_promoted(live, now)
    transaction.on_commit(lambda: retention.remove_outdated(release.kind, now=now))


def _acceptance_fields(release: Release, decision: Decision) -> dict[str, Any]:
    """Return what a release keeps of it that somebody accepted what it was refused for."""
    if not release.may_be_accepted:
        return {}
    by, names = decision.decided_by, release.open_refusals
    texts = " ".join(refusal["text"] for refusal in release.refusals)
    return {
        "gate_passed": True,
        "gate_headline": f"Yes, because {by} accepted: {', '.join(names)}."[:LONGEST_HEADLINE],
        "gate_reason": f"Accepted: {texts}",
        "accepted": [*release.accepted, *accepting.acceptances(names, by=by, why=decision.why, at=decision.at)],
    }
