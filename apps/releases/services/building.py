"""The steps of one release, from its snapshot to the verdict of its gate; each is recorded as soon as it is done."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import orjson
from django.db import transaction

from apps.jobs.services.ledger.leases import LeaseLostError, heartbeat
from apps.jobs.services.ledger.registry import ReportProgress
from apps.jobs.services.runner.running import RunningJob
from apps.platform.services.errors import ConflictError, EpicmlError
from apps.readers.selectors import all_reader_ids
from apps.releases import artifacts
from apps.releases.models import Release
from apps.releases.selectors.listing import has_builder
from apps.releases.selectors.live import LiveRelease, live_release
from apps.releases.services import accepting, leases, steps, wording
from apps.releases.services.kinds import AnyKind, Audit, AuditRefusedError, BuildContext, must_stop
from apps.releases.services.stepping import Kept, Stepping
from apps.releases.services.steps import StepResult, Stored
from epicml.datasets.audit import Finding, stops
from epicml.evaluation.gate import decide
from epicml.evaluation.report import Report

REFUSED_DATA = "No. The data it was to be built from are refused."


class BuildLostError(ConflictError):
    """The release was abandoned while it was being made."""

    code = "build_lost"

    def __init__(self, release: Release) -> None:
        super().__init__(f"{release} was abandoned in the meantime: its job was over, or a restore ended it.")


class SealedOtherwiseError(artifacts.ArtifactStorageError):
    """What was sealed is not what was fitted: two processes wrote, or the storage is broken."""

    def __init__(self, release: Release) -> None:
        super().__init__(f"The sealed files of {release} are not those that were built; look at the storage.")


class Builder:
    """The steps of one release; each is recorded as soon as it is done."""

    def __init__(self, kind: AnyKind, release: Release, *, job: RunningJob, progress: ReportProgress | None) -> None:
        self.kind = kind
        self.release = release
        self.job = job
        self.tell = progress
        self.champion = live_release(kind.name)
        self.champion_folder, self.champion_problem = _champion_folder(self.champion)
        self.stepping = Stepping(release, self.record, job.now)

    def run(self) -> None:
        """Take the release through its steps; refused data end it at the audit."""
        if self.release.champion_id != (self.champion.id if self.champion else None):
            self.record(champion_id=self.champion.id if self.champion else None)  # another one is live since
        try:
            self._run()
        except AuditRefusedError as error:
            self._refuse_data(error)
        steps.remove(self.release.kind, self.release.key)

    def _run(self) -> None:
        kind, champion = self.kind, self.champion
        live = (
            [champion.key, champion.sha256, self.champion_problem] if champion else []
        )  # as far as steps depend on it
        asked = [self.release.request["options"], self.release.request["last_event"]]
        snapshot = self.stepping.step(
            steps.SNAPSHOT,
            lambda folder: kind.snapshot(self._context(folder)),
            of=kind.snapshot_type,
            after=[self.release.created_at.isoformat(), asked],
            may_stay=self._knows_all_its_readers,
        )
        audit = self.stepping.step(
            steps.AUDIT,
            lambda folder: kind.audit(self._context(folder), snapshot.value),
            of=Audit,
            after=[snapshot.sha256, *live],
        )
        if must_stop(audit.value.findings):
            raise AuditRefusedError(audit.value.findings)
        fitted = self.stepping.step(
            steps.FIT,
            lambda folder: kind.fit(self._context(folder), snapshot.value),
            of=kind.fitted_type,
            after=[snapshot.sha256, asked],
        )
        sealed = self._seal(fitted, audit.value)
        evaluation = self.stepping.step(
            steps.EVALUATE,
            lambda _: self._evaluate(kind.evaluate(self._context(sealed), snapshot.value, audit.value, fitted.value)),
            of=_Evaluation,
            after=[snapshot.sha256, audit.sha256, self.release.sha256, *live],
        )
        report = replace(evaluation.value.report, findings=audit.value.findings)
        at = self.job.now()
        self.record(state=Release.State.EVALUATED, report=plain(report.as_json()), evaluated_at=at)
        self._gate(report)

    def fail(self, error: BaseException) -> None:
        """Mark the release failed with the sentence, and remove its files, unless another attempt goes on with it."""
        if not leases.holds(self.job) and has_builder(self.job.id):
            return
        sentence = error.message if isinstance(error, EpicmlError) else f"{type(error).__name__}: {error}"
        if isinstance(error, LeaseLostError):
            sentence = f"Job {self.job.id} was cancelled, or is dead, while it made this."
        kind, key, now = self.release.kind, self.release.key, self.job.now()
        failed = (
            Release.objects.building()
            .filter(pk=self.release.pk)
            .update(state=Release.State.FAILED, error=sentence, failed_at=now, artifact_removed_at=now)
        )
        if not failed:  # decided, by an attempt that went on while this one was asleep: its files are served
            return
        steps.remove(kind, key)
        if isinstance(error, artifacts.FolderTakenError):
            artifacts.remove_building(kind, key)
        else:
            artifacts.remove(kind, key)

    def record(self, **fields: Any) -> None:
        """Write these columns if the job is still ours and nobody gave the release up; without columns only look.

        Raises:
            LeaseLostError: another attempt has the job, or it was cancelled.
            BuildLostError: the release was abandoned.
            JobStoppedError: the runner is asked to stop, and no step is at work.
        """
        with transaction.atomic():
            heartbeat(self.job.lease, now=self.job.now(), worked=self.job.worked())
            row = Release.objects.building().filter(pk=self.release.pk)
            if not (row.update(**fields) if fields else row.exists()):
                raise BuildLostError(self.release)
        for name, value in fields.items():
            setattr(self.release, name, value)
        if not fields:
            self.job.stop_if_asked()

    def _knows_all_its_readers(self, snapshot: StepResult) -> bool:
        """Tell whether nobody was erased of whom the snapshot holds rows."""
        if self.kind.readers_in is None:
            return True
        known = np.fromiter(all_reader_ids().values(), np.int64)
        return bool(np.isin(self.kind.readers_in(snapshot), known).all())

    def _context(self, folder: Path) -> BuildContext:
        return BuildContext(
            kind=self.release.kind,
            key=self.release.key,
            folder=folder,
            now=self.release.created_at,
            champion=self.champion,
            options=self.release.request["options"],
            progress=self._heard,
            champion_folder=self.champion_folder,
            champion_problem=self.champion_problem,
            last_event=self.release.request["last_event"],
        )

    def _heard(self, done: int, total: int, text: str) -> None:
        self.job.report_progress(done, total, text)
        if self.tell:
            self.tell(done, total, text)

    def _seal(self, fitted: Kept[Any], audit: Audit) -> Path:
        """Seal the files of the fit, or take the sealed folder of an earlier attempt where it is sound."""
        release, files, started = self.release, steps.files_in(fitted.files), time.monotonic()
        expected = steps.sum_of(files)
        try:
            artifacts.open_verified(release.kind, release.key, expected)
            reused = True
        except artifacts.ArtifactCorruptError:
            self._seal_anew(fitted.files, expected)
            reused = False
        now = self.job.now()
        self.record(
            state=Release.State.BUILT,
            sha256=expected,
            findings=plain(audit.findings),
            manifest={"files": files, **plain(fitted.value.details)},
            built_at=(release.built_at if reused else None) or now,
            audited_at=now,
        )
        if reused and release.build_steps[-1]["name"] in {steps.SEAL, steps.EVALUATE}:
            self.stepping.note_reuse(steps.SEAL)
        else:
            seconds = time.monotonic() - started
            self.stepping.note(steps.SEAL, sha256=expected, inputs=fitted.sha256, seconds=seconds)
        return artifacts.open_verified(release.kind, release.key, expected)

    def _seal_anew(self, files: Path, expected: str) -> None:
        release = self.release
        if release.sha256:  # ours, of an earlier attempt: damaged since, or of another fit
            artifacts.remove(release.kind, release.key)
        folder = artifacts.new_folder(release.kind, release.key)
        try:
            copytree(files, folder, dirs_exist_ok=True)
        except OSError as error:
            raise artifacts.storage_error(error) from error
        self.record()  # an abandoned build learns it here, before a folder gets its name
        if artifacts.seal(release.kind, release.key).sha256 != expected:
            artifacts.remove(release.kind, release.key)
            raise SealedOtherwiseError(release)

    def _evaluate(self, report: Report) -> "_Evaluation":
        """Add to the report what is live, and why that could not be compared if it could not."""
        live = self.champion.key if self.champion else ""
        return _Evaluation(replace(report, champion=live, not_compared=self.champion_problem or report.not_compared))

    def _gate(self, report: Report) -> None:
        release, now = self.release, self.job.now()
        found, words = decide(report, self.kind.rules, accepted=release.request["accept"]), self.kind.words
        reason = wording.reason(found, report, words)
        if not found.passed:
            reason = f"{reason} {accepting.how_to_accept(self.kind, release.key, found.open)}"
        state = Release.State.PASSED if found.passed else Release.State.REFUSED
        if any(isinstance(refusal.because, Finding) for refusal in found.open):
            state = Release.State.REFUSED_BY_AUDIT
        self.record(
            state=state,
            gated_at=now,
            gate_passed=found.passed,
            gate_headline=wording.headline(found, report, words),
            gate_reason=reason,
            gate_results=plain(found.results),
            refusals=wording.told_refusals(found.refusals, report, words),
            accepted=accepting.acceptances(found.accepted, by=release.created_by, why=release.why, at=now),
        )

    def _refuse_data(self, error: AuditRefusedError) -> None:
        now = self.job.now()
        artifacts.remove(self.release.kind, self.release.key)
        self.record(
            state=Release.State.REFUSED_BY_AUDIT,
            findings=plain(error.findings),
            audited_at=now,
            gate_passed=False,
            gate_headline=REFUSED_DATA,
            gate_reason=error.message,
            refusals=[
                {"name": found.name, "headline": REFUSED_DATA, "text": found.text, "acceptable": bool(found.name)}
                for found in error.findings
                if stops(found)
            ],
            artifact_removed_at=now,
        )


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """The report of a release, as a step hands it over."""

    report: Report

    def stored(self) -> Stored:
        return Stored(self.report.as_json())

    @classmethod
    def restored(cls, stored: Stored) -> "_Evaluation":
        return cls(Report.from_json(stored.values))


def _champion_folder(champion: LiveRelease | None) -> tuple[Path | None, str]:
    """Return the folder, or why there is none: damaged files keep a successor from going live, not from being made."""
    if champion is None:
        return None, ""
    try:
        return artifacts.open_verified(champion.kind, champion.key, champion.sha256), ""
    except artifacts.ArtifactCorruptError as error:
        return None, error.message.rstrip(".").replace("The files", "the files", 1)


def plain(value: Any) -> Any:
    """Write dataclasses, numpy numbers and NaN as a JSON column holds them."""
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS))
