"""A kind of release that is small enough to see through: it serves one number, and a bigger number is better."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from apps.jobs.selectors.jobs import job_row
from apps.jobs.services.runner.execution import run_next
from apps.jobs.services.runner.running import RunningJob
from apps.releases.models import Release
from apps.releases.selectors.listing import ReleaseRow
from apps.releases.selectors.live import LiveRelease, live_release
from apps.releases.services.files import artifact_path, load_arrays, save_arrays
from apps.releases.services.kinds import Audit, BuildContext, ReleaseKind
from apps.releases.services.making import make_release
from apps.releases.services.steps import Stored
from apps.releases.services.wording import RuleWords
from epicml.datasets.audit import Finding, Severity
from epicml.evaluation.gate import Bound, GateRule
from epicml.evaluation.report import Measure, Report

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KIND = "numbers"


def report_of(*, number: float) -> Report:
    return Report("by hand", (Measure("number", "Number", number), Measure("size", "Size", number)))


RULES = (
    GateRule("positive", "number", Bound.AT_LEAST, 0),
    GateRule("small", "size", Bound.AT_MOST, 100, acceptable=True),
)
WORDS = {"positive": RuleWords("It is below 0."), "small": RuleWords("It is large.")}
LOST = Finding(Severity.STOP, "rows", "Half of the rows are gone.", 0.5, 10, name="rows_lost")


class Clock:
    """A clock that stands still until it is turned on."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@dataclass(frozen=True, slots=True)
class Number:
    """The number that a build is made from, and the readers who are said to have chosen it."""

    number: float
    readers: tuple[int, ...] = ()

    def stored(self) -> Stored:
        return Stored({"number": self.number}, {"readers": np.array(self.readers, np.int64)})

    @classmethod
    def restored(cls, stored: Stored) -> "Number":
        return cls(stored.values["number"], tuple(stored.arrays["readers"].tolist()))


@dataclass(frozen=True, slots=True)
class Seed:
    """What the manifest says of a build."""

    details: Mapping[str, Any]

    def stored(self) -> Stored:
        return Stored(self.details)

    @classmethod
    def restored(cls, stored: Stored) -> "Seed":
        return cls(stored.values)


class NumberKind:
    """Builds whatever `next_number` is; `findings` are what its audit finds.

    Its gate refuses a number below 0, which nobody may accept, and one above 100, which a person may. `made` are the
    steps that were made, and not taken over; `before(step)` is called before each.
    """

    def __init__(self) -> None:
        self.next_number = 1.0
        self.findings: list[Finding] = []
        self.build_error: BaseException | None = None
        self.evaluate_error: BaseException | None = None
        self.promoted: list[str] = []
        self.removed: list[str] = []
        self.champion_folders: list[Path | None] = []
        self.during_build: Callable[[], object] = lambda: None
        self.readers: tuple[int, ...] = ()
        self.made: list[str] = []
        self.before: Callable[[str], object] = lambda step: None

    def as_kind(self) -> ReleaseKind[Number, Seed]:
        return ReleaseKind(
            name=KIND,
            title="Numbers",
            question="May this number replace the live one?",
            snapshot=self.snapshot,
            audit=self.audit,
            fit=self.fit,
            evaluate=self.evaluate,
            snapshot_type=Number,
            fitted_type=Seed,
            rules=RULES,
            words=WORDS,
            readers_in=lambda number: np.array(number.readers, np.int64),
            on_promoted=self.on_promoted,
            on_removed=self.on_removed,
            acceptable_findings=("rows_lost",),
            command="make_number",
        )

    def snapshot(self, context: BuildContext) -> Number:
        self._begin("snapshot")
        return Number(self.next_number, self.readers)

    def audit(self, context: BuildContext, snapshot: Number) -> Audit:
        self._begin("audit")
        return Audit(tuple(self.findings))

    def fit(self, context: BuildContext, snapshot: Number) -> Seed:
        self._begin("fit")
        context.progress(0, 1, "building")
        save_arrays(context.folder / "number.npz", {"number": np.array([snapshot.number])})
        self.during_build()
        context.progress(1, 1, "built")
        if self.build_error:
            raise self.build_error
        return Seed({"seed": 1})

    def _begin(self, step: str) -> None:
        self.before(step)
        self.made.append(step)

    def evaluate(self, context: BuildContext, snapshot: Number, audit: Audit, fitted: Seed) -> Report:
        self._begin("evaluate")
        self.champion_folders.append(context.champion_folder)
        if self.evaluate_error:
            raise self.evaluate_error
        return report_of(number=float(load_arrays(context.folder / "number.npz")["number"][0]))

    def on_promoted(self, release: LiveRelease, now: datetime) -> None:
        self.promoted.append(release.key)

    def on_removed(self, kind: str, key: str) -> None:
        self.removed.append(key)

    def make(self, number: float = 1.0, *, promote: bool = True, now: datetime = NOON, **more: Any) -> ReleaseRow:
        self.next_number = number
        options = {"created_by": "ada", "why": "a test", "clock": Clock(now), "promote": promote, **more}
        return make_release(KIND, **options)


MAKE_JOB = "numbers.make"


def make_by_job(run: RunningJob) -> None:
    """The task of MAKE_JOB: a number is made, and goes live if it passes."""
    make_release(KIND, created_by=f"job {run.id}", why="a test", clock=run.now, promote=True, job=run)


def attempt(job_id: int, *, now: datetime = NOON, stopping: Callable[[], bool] = lambda: False) -> bool:
    """This job has one attempt; whether it is done."""
    run_next(owner="runner", clock=lambda: now, stopping=stopping, job_id=job_id)
    return job_row(job_id).state == "done"


def served_number() -> float:
    """What a server would serve now: the number in the verified files of the live release."""
    live = live_release(KIND)
    assert live is not None
    return float(load_arrays(artifact_path(live) / "number.npz")["number"][0])


def files_in(artifacts_dir: Path) -> list[str]:
    """Every file in the storage of artifacts, those of unfinished builds too."""
    return sorted(path.relative_to(artifacts_dir).as_posix() for path in artifacts_dir.rglob("*") if path.is_file())


def stored_before_numbers(key: str) -> None:
    """This release has the report and the results of the gate as versions wrote them that stored sentences."""
    measure = {
        "key": "number", "title": "Number", "challenger": -1.0, "champion": 2.0, "against": "champion", "unit": "score",
        "change": None, "difference": None, "n": 40, "note": "lists, no error",
    }  # fmt: skip
    result = {
        "rule": "positive", "measure": "number", "passed": False, "text": "at least 0",
        "found": "Number is -1.0000; the rule is at least 0.", "refusal": "It is below 0.", "acceptable": False,
        "compared": True,
    }  # fmt: skip
    report = {"method": "by hand", "measures": [measure], "slices": [], "findings": [], "counts": {}}
    Release.objects.filter(kind=KIND, key=key).update(report=report, gate_results=[result])


def damage(artifacts_dir: Path, key: str) -> None:
    """One byte of the release's file is another one."""
    path = artifacts_dir / KIND / key / "number.npz"
    content = bytearray(path.read_bytes())
    content[-30] ^= 1
    path.write_bytes(bytes(content))
