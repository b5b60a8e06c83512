"""One release with everything that is known of it: its steps, report, gate, decisions, and what was live before."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from apps.releases.models import Decision, Release
from apps.releases.selectors.listing import ReleaseRow, find_release, release_row
from apps.releases.selectors.live import LiveRelease, live_release

State = Release.State


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a release's life: done, refused, failed, running, waits (for a person) or open (not reached)."""

    name: str
    state: str
    at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class BuildStep:
    """A finished step of a build: how long it took, and how often an attempt took its result over."""

    name: str
    seconds: float
    reused: int


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """Who made which release live, when and why, and which one it replaced."""

    action: str
    key: str
    replaced: str | None
    decided_by: str
    why: str
    at: datetime
    accepted: Sequence[str]


@dataclass(frozen=True, slots=True)
class LiveSpan:
    """A time during which one release of the kind was live; `until` is None for the one that is."""

    key: str
    since: datetime
    until: datetime | None
    decided_by: str
    why: str
    can_roll_back: bool


@dataclass(frozen=True, slots=True)
class ReleaseDetail:
    """A release as its page and the API show it.

    `to_accept` are the names that a person must accept to promote it although it was refused; empty where nobody can.
    """

    row: ReleaseRow
    live: LiveRelease | None
    compared_with: str | None
    manifest: Mapping[str, Any]
    findings: Sequence[Mapping[str, Any]]
    report: Mapping[str, Any]
    gate_results: Sequence[Mapping[str, Any]]
    steps: Sequence[Step]
    build_steps: Sequence[BuildStep]
    decisions: Sequence[DecisionRow]
    live_history: Sequence[LiveSpan]
    why_not_promotable: str | None
    to_accept: Sequence[str]
    size_bytes: int

    def as_json(self) -> dict[str, Any]:
        """Return the release as the API shows it."""
        return {
            **self.row.as_json(),
            "live": self.live.key if self.live else None,
            "compared_with": self.compared_with,
            "why_not_promotable": self.why_not_promotable,
            "to_accept": self.to_accept,
            "manifest": self.manifest,
            "findings": self.findings,
            "report": self.report,
            "gate_results": self.gate_results,
            "steps": [asdict(step) for step in self.steps],
            "decisions": [asdict(decision) for decision in self.decisions],
            "live_history": [asdict(span) for span in self.live_history],
        }


def release_detail(kind: str, key: str, *, now: datetime | None = None) -> ReleaseDetail:
    """Return everything that is known of this release: as it is at this moment, or as it was recorded last."""
    release = find_release(kind, key, now=now)
    live = live_release(kind)
    return ReleaseDetail(
        row=release_row(kind, key, now=now),
        live=live,
        compared_with=release.champion.key if release.champion else None,
        manifest=release.manifest,
        findings=release.findings,
        report=release.report,
        gate_results=release.gate_results,
        steps=_steps(release, live),
        build_steps=[BuildStep(step["name"], step["seconds"], step["reused"]) for step in release.build_steps],
        decisions=decisions_of(release),
        live_history=live_history(kind),
        why_not_promotable=_why_not_promotable(release, live),
        to_accept=_to_accept(release, live),
        size_bytes=sum(entry["size"] for entry in release.manifest.get("files", {}).values()),
    )


def decisions_of(release: Release) -> list[DecisionRow]:
    """Return the decisions that made this release live, the newest first."""
    rows = release.decisions.select_related("release", "replaced").order_by("-id")
    return [_decision_row(decision) for decision in rows]


def live_history(kind: str, *, limit: int = 20) -> list[LiveSpan]:
    """Return which release of the kind was live when, the present one first."""
    rows = Decision.objects.filter(release__kind=kind).select_related("release").order_by("-id")[:limit]
    spans, until = [], None
    offered: set[int] = set()
    for decision in rows:
        release = decision.release
        can = release.state == State.RETIRED and release.artifact_removed_at is None and release.pk not in offered
        offered.add(release.pk)
        spans.append(LiveSpan(release.key, decision.at, until, decision.decided_by, decision.why, can))
        until = decision.at
    return spans


def _decision_row(decision: Decision) -> DecisionRow:
    replaced = decision.replaced.key if decision.replaced else None
    return DecisionRow(
        decision.action,
        decision.release.key,
        replaced,
        decision.decided_by,
        decision.why,
        decision.at,
        decision.accepted,
    )


def _why_not_promotable(release: Release, live: LiveRelease | None) -> str | None:
    """Return None where promoting would be accepted; else the reason as a sentence."""
    if release.state == State.LIVE:
        return "It is live."
    if not release.gate_passed:
        return release.gate_reason or release.error or "Its gate has not decided yet."
    if release.artifact_removed_at is not None:
        return "Its files were removed; build it again."
    if release.state == State.PASSED and not _was_compared_with(release, live):
        return "It was compared with a release that is not live any more; build it again."
    return None


def _to_accept(release: Release, live: LiveRelease | None) -> list[str]:
    is_there = release.artifact_removed_at is None and _was_compared_with(release, live)
    return release.open_refusals if release.may_be_accepted and is_there else []


def _was_compared_with(release: Release, live: LiveRelease | None) -> bool:
    return release.champion_id == (live.id if live else None)


def _steps(release: Release, live: LiveRelease | None) -> list[Step]:
    results = release.gate_results
    has_failed = any(not result["passed"] for result in results)  # a rule; what only the audit found is refused there
    gate_refused = not release.gate_passed and (has_failed or release.state == State.REFUSED)
    passed = sum(bool(result.get("passed")) for result in results)
    steps = [
        _step("Build", release.built_at, refused=False, text=release.created_by),
        _step(
            "Audit",
            release.audited_at,
            refused=release.state == State.REFUSED_BY_AUDIT,
            text=_findings_text(release.findings),
        ),
        _step("Evaluate", release.evaluated_at, refused=False, text=""),
        _step("Gate", release.gated_at, refused=gate_refused, text=f"{passed} of {len(results)} rules passed"),
    ]
    return [*_only_first_open_is_current(steps, release), _promote_step(release, live)]


def _step(name: str, at: datetime | None, *, refused: bool, text: str) -> Step:
    state = "open" if at is None else "refused" if refused else "done"
    return Step(name, state, at, text if at is not None else "")


def _only_first_open_is_current(steps: list[Step], release: Release) -> list[Step]:
    """Mark the first step that is not done as where it runs, or where it failed."""
    current = {State.FAILED: "failed"}.get(
        State(release.state), "running" if release.state in Release.UNFINISHED else ""
    )
    first = next((step for step in steps if step.state == "open"), None)
    if not current or first is None:
        return steps
    return [Step(s.name, current, release.failed_at, release.error) if s is first else s for s in steps]


def _promote_step(release: Release, live: LiveRelease | None) -> Step:
    now_live = f"live now: {live.key}" if live else "nothing is live"
    if release.promoted_at is not None:
        return Step("Promote", "done", release.promoted_at, "" if release.state == State.LIVE else now_live)
    promotable = release.state == State.PASSED and _why_not_promotable(release, live) is None
    waits = promotable or bool(_to_accept(release, live))
    return Step("Promote", "waits" if waits else "open", None, now_live)


def _findings_text(findings: Sequence[Mapping[str, Any]]) -> str:
    counts = [
        (severity, sum(f.get("severity") == severity for f in findings)) for severity in ("stop", "warning", "note")
    ]
    return ", ".join(f"{n} {name}{'s' if n > 1 else ''}" for name, n in counts if n) or "no findings"
