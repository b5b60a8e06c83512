"""A release is made in recorded steps: build, audit, evaluate, gate and, where asked, promote."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from django.db import IntegrityError, transaction

from apps.platform.services.errors import ConflictError, EpicmlError
from apps.releases import artifacts
from apps.releases.models import LEASE, Release
from apps.releases.selectors.listing import ReleaseRow, release_row
from apps.releases.selectors.live import LiveRelease, live_release
from apps.releases.services import accepting, promotion, reconciling, retention
from apps.releases.services.kinds import (
    AuditRefusedError,
    BuildContext,
    Built,
    EvaluateContext,
    Progress,
    ReleaseKind,
    must_stop,
    release_kind,
)
from apps.releases.services.leases import kept_lease
from epicml.datasets.audit import stops
from epicml.evaluation.gate import Refusal, Verdict, decide
from epicml.evaluation.report import Report

KEY_ATTEMPTS = 20
REFUSED_DATA = "No. The data it was to be built from are refused."


class BuildLostError(ConflictError):
    """The release was given up while it was being made, because nothing was heard of its builder."""

    code = "build_lost"

    def __init__(self, release: Release) -> None:
        super().__init__(f"{release} was given up in the meantime; its builder was silent for {LEASE}.")


def make_release(
    kind: str,
    *,
    created_by: str,
    why: str,
    clock: Callable[[], datetime],
    promote: bool = False,
    accept: Sequence[str] = (),
    job: int | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> ReleaseRow:
    """One more release of this kind, as far as it came: live, passed, refused, or refused by the audit.

    `accept` names refusals that a person takes upon themselves, for the reason `why`; without them a refused release
    keeps its files while a person may still accept it. What goes wrong on the way is raised after the release was
    marked failed and its files were removed.
    """
    known = release_kind(kind)
    accepted = accepting.checked_names(known, accept, why=why)
    reconciling.fail_dead_builds(now=clock(), kind=kind, job=job)
    maker = _Maker(known, clock=clock, accept=accepted, options=options or {}, progress=progress)
    release = maker.begin(created_by=created_by, why=why, job=job)
    try:
        with kept_lease(release.pk, clock=clock):
            passed = maker.run(release)
    except BaseException as error:  # also an interrupt: nothing may stay "building" that nobody builds
        maker.fail(release, error)
        raise
    if passed and promote:
        promotion.promote_release(kind, release.key, decided_by=created_by, why=why, now=clock())
    retention.remove_outdated(kind, now=clock())
    return release_row(kind, release.key)


class _Maker:
    """The steps of one release; each is recorded as soon as it is done."""

    def __init__(
        self,
        kind: ReleaseKind,
        *,
        clock: Callable[[], datetime],
        accept: Sequence[str],
        options: Mapping[str, Any],
        progress: Progress | None,
    ) -> None:
        self.kind = kind
        self.clock = clock
        self.accept = accept
        self.options = options
        self.tell = progress
        self.champion: LiveRelease | None = None
        self.heard_at = clock()

    def begin(self, *, created_by: str, why: str, job: int | None) -> Release:
        """A release in state building, with the next free key of the day."""
        self.champion = live_release(self.kind.name)
        now = self.clock()
        for _ in range(KEY_ATTEMPTS):
            release = Release(
                kind=self.kind.name,
                key=_next_key(self.kind.name, now),
                created_by=created_by,
                why=why,
                job_id=job,
                champion_id=self.champion.id if self.champion else None,
                created_at=now,
                lease_until=now + LEASE,
            )
            try:
                with transaction.atomic():
                    release.save(force_insert=True)
            except IntegrityError:  # another builder took the key between our look and our insert
                continue
            return release
        raise ConflictError(f"No free key for {self.kind.name} was found; too many builds start at once.")

    def run(self, release: Release) -> bool:
        """Whether the release passed its gate; every step up to there is recorded."""
        folder = artifacts.new_folder(release.kind, release.key)
        try:
            built = self._build(release, folder)
        except AuditRefusedError as error:
            self._refuse_data(release, error)
            return False
        report = self._evaluate(release, built)
        self._record(
            release,
            state=Release.State.EVALUATED,
            report=_plain(report.as_json()),
            evaluated_at=self.clock(),
        )
        return self._gate(release, report)

    def fail(self, release: Release, error: BaseException) -> None:
        """The release is marked failed with the sentence, and its files are gone."""
        sentence = error.message if isinstance(error, EpicmlError) else f"{type(error).__name__}: {error}"
        now = self.clock()
        if isinstance(error, artifacts.FolderTakenError):
            artifacts.remove_building(release.kind, release.key)
        else:
            artifacts.remove(release.kind, release.key)
        Release.objects.building().filter(pk=release.pk).update(
            state=Release.State.FAILED, error=sentence, failed_at=now, artifact_removed_at=now, lease_until=None
        )

    def _build(self, release: Release, folder: Path) -> Built:
        context = BuildContext(
            kind=release.kind,
            key=release.key,
            folder=folder,
            now=release.created_at,
            champion=self.champion,
            options=self.options,
            progress=lambda done, total, text: self._heard(release, done, total, text),
            champion_folder=_champion_folder(self.champion)[0],
        )
        try:
            built = self.kind.build(context)
        except OSError as error:
            raise artifacts.storage_error(error) from error
        if must_stop(built.findings):
            raise AuditRefusedError(built.findings)
        self._record(release)  # a builder that was given up finds out here, before it looks for its folder
        sealed = artifacts.seal(release.kind, release.key)
        now = self.clock()
        self._record(
            release,
            state=Release.State.BUILT,
            sha256=sealed.sha256,
            findings=_plain(built.findings),
            manifest={"files": sealed.files, **_plain(built.details)},
            built_at=now,
            audited_at=now,
        )
        return built

    def _evaluate(self, release: Release, built: Built) -> Report:
        """The report, with what is live, why that could not be compared if it could not, and what the audit found."""
        champion = self.champion
        folder, problem = _champion_folder(champion)
        context = EvaluateContext(
            kind=release.kind,
            key=release.key,
            now=release.created_at,
            built=built,
            options=self.options,
            folder=artifacts.open_verified(release.kind, release.key, release.sha256),
            champion=champion,
            champion_folder=folder,
            progress=lambda done, total, text: self._heard(release, done, total, text),
            champion_problem=problem,
        )
        report = self.kind.evaluate(context)
        return replace(
            report,
            findings=tuple(built.findings),
            champion=champion.key if champion else "",
            not_compared=problem or report.not_compared,
        )

    def _gate(self, release: Release, report: Report) -> bool:
        verdict, now = decide(report, self.kind.rules, accepted=self.accept), self.clock()
        reason = verdict.reason
        if not verdict.passed:
            stands = [refusal for refusal in verdict.refusals if refusal.name not in verdict.accepted]
            reason = f"{reason} {accepting.how_to_accept(self.kind, release.key, stands)}"
        self._record(
            release,
            state=_state_after(verdict, report),
            gated_at=now,
            gate_passed=verdict.passed,
            gate_headline=verdict.headline,
            gate_reason=reason,
            gate_results=_plain(verdict.results),
            refusals=_plain(verdict.refusals),
            accepted=accepting.acceptances(verdict.accepted, by=release.created_by, why=release.why, at=now),
            lease_until=None,
        )
        return verdict.passed

    def _refuse_data(self, release: Release, error: AuditRefusedError) -> None:
        now = self.clock()
        artifacts.remove(release.kind, release.key)
        self._record(
            release,
            state=Release.State.REFUSED_BY_AUDIT,
            findings=_plain(error.findings),
            audited_at=now,
            gate_passed=False,
            gate_headline=REFUSED_DATA,
            gate_reason=error.message,
            refusals=_plain([Refusal(f.name, REFUSED_DATA, f.text, bool(f.name)) for f in error.findings if stops(f)]),
            artifact_removed_at=now,
            lease_until=None,
        )

    def _heard(self, release: Release, done: int, total: int, text: str) -> None:
        now = self.clock()
        if not timedelta() <= now - self.heard_at <= LEASE / 30:  # a clock that was set back is heard at once
            self._record(release, lease_until=now + LEASE)
            self.heard_at = now
        if self.tell:
            self.tell(done, total, text)

    def _record(self, release: Release, **fields: Any) -> None:
        # Conditional: who was given up meanwhile must not write over that.
        if (
            not Release.objects.building()
            .filter(pk=release.pk)
            .update(**{"lease_until": self.clock() + LEASE, **fields})
        ):
            raise BuildLostError(release)
        for name, value in fields.items():
            setattr(release, name, value)


def _champion_folder(champion: LiveRelease | None) -> tuple[Path | None, str]:
    """The folder, or why there is none: damaged files keep no successor from being made, only from going live."""
    if champion is None:
        return None, ""
    try:
        return artifacts.open_verified(champion.kind, champion.key, champion.sha256), ""
    except artifacts.ArtifactCorruptError as error:
        return None, error.message.rstrip(".").replace("The files", "the files", 1)


def _state_after(verdict: Verdict, report: Report) -> Release.State:
    if verdict.passed:
        return Release.State.PASSED
    by_audit = any(stops(finding) and finding.name not in verdict.accepted for finding in report.findings)
    return Release.State.REFUSED_BY_AUDIT if by_audit else Release.State.REFUSED


def _next_key(kind: str, now: datetime) -> str:
    """The first number of the day above all that the database knows and all that lie in the storage.

    After the database was restored from a copy, files of releases that it does not know any more are left.
    """
    day = f"{now:%Y-%m-%d}."
    known = Release.objects.of_kind(kind).filter(key__startswith=day).values_list("key", flat=True)
    numbers = [key.removeprefix(day) for key in (*known, *artifacts.sealed_keys(kind)) if key.startswith(day)]
    return day + str(max((int(number) for number in numbers if number.isdecimal()), default=0) + 1)


def _plain(value: Any) -> Any:
    """Dataclasses, numpy numbers and NaN as what a JSON column holds."""
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS))
