"""A kind of release that is small enough to see through: it serves one number, and a bigger number is better."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from apps.releases.selectors.listing import ReleaseRow
from apps.releases.selectors.live import LiveRelease, live_release
from apps.releases.services.files import artifact_path, load_arrays, save_arrays
from apps.releases.services.kinds import (
    AuditRefusedError,
    BuildContext,
    Built,
    EvaluateContext,
    ReleaseKind,
    must_stop,
)
from apps.releases.services.making import make_release
from epicml.datasets.audit import Finding, Severity
from epicml.evaluation.gate import Bound, GateRule
from epicml.evaluation.report import Measure, Report

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KIND = "numbers"


def report_of(*, number: float) -> Report:
    return Report("by hand", (Measure("number", "Number", number), Measure("size", "Size", number)))


RULES = (
    GateRule("positive", "number", Bound.AT_LEAST, 0, "at least 0", "It is below 0."),
    GateRule("small", "size", Bound.AT_MOST, 100, "at most 100", "It is large.", acceptable=True),
)
LOST = Finding(Severity.STOP, "rows", "Half of the rows are gone.", 0.5, 10, name="rows_lost")


class Clock:
    """A clock that stands still until it is turned on."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class NumberKind:
    """Builds whatever `next_number` is; `findings` are what its audit finds.

    Its gate refuses a number below 0, which nobody may accept, and one above 100, which a person may.
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

    def as_kind(self) -> ReleaseKind:
        return ReleaseKind(
            name=KIND,
            title="Numbers",
            question="May this number replace the live one?",
            build=self.build,
            evaluate=self.evaluate,
            rules=RULES,
            on_promoted=self.on_promoted,
            on_removed=self.on_removed,
            acceptable_findings=("rows_lost",),
            command="make_number",
        )

    def build(self, context: BuildContext) -> Built:
        context.progress(0, 1, "building")
        save_arrays(context.folder / "number.npz", {"number": np.array([self.next_number])})
        self.during_build()
        context.progress(1, 1, "built")
        if self.build_error:
            raise self.build_error
        if must_stop(self.findings):
            raise AuditRefusedError(self.findings)
        return Built(details={"seed": 1}, findings=self.findings)

    def evaluate(self, context: EvaluateContext) -> Report:
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


def served_number() -> float:
    """What a server would serve now: the number in the verified files of the live release."""
    live = live_release(KIND)
    assert live is not None
    return float(load_arrays(artifact_path(live) / "number.npz")["number"][0])


def damage(artifacts_dir: Path, key: str) -> None:
    """One byte of the release's file is another one."""
    path = artifacts_dir / KIND / key / "number.npz"
    content = bytearray(path.read_bytes())
    content[-30] ^= 1
    path.write_bytes(bytes(content))
