"""What was measured of a release before it may go live, as values that a page can show and a file can keep."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from epicml.datasets.audit import Finding
from epicml.stats.bootstrap import Interval

JSON = dict[str, Any]


class Unit(StrEnum):
    """How a measure is written."""

    SCORE = "score"  # .0943
    SHARE = "share"  # 43.0 %
    COUNT = "count"  # 1,120
    BYTES = "bytes"  # 22.4 MiB
    MILLISECONDS = "milliseconds"  # 1.2 ms
    ANSWERS = "answers"  # 200 of 200


class Note(StrEnum):
    """What stands where a measure has no interval."""

    COUNTED = "counted"
    NOTHING_LIVE = "nothing_live"
    NOT_COMPARED = "not_compared"
    TOO_FEW = "too_few"
    NEAR_ZERO = "near_zero"  # what it is compared with is at or near 0, so that a relative change means nothing


class UnknownMeasureError(KeyError):
    """A report was asked for a measure that it does not hold."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of the report.

    Attributes:
        key: short name that rules refer to, as "ndcg@10".
        title: name for people.
        challenger: value of the new release.
        champion: value of what it is compared with, None if there is nothing (then change is None too).
        against: what it is compared with: "champion", "popularity", or the name of a part.
        unit: how the values are written.
        change: challenger / champion - 1 with its interval; None where it is counted or has nothing to compare.
        difference: challenger - champion with its interval; None likewise.
        n: how many readers, lists or answers the value rests on.
        note: a `Note` where no interval can stand, else ""; a sentence in reports that were stored before there were
            notes.
        upper: 95 % upper bound of the share of faults where none was counted, in [0, 1]; else None.
        wins: of the n pairs, in how many the new release has more; None where nothing was paired.
        losses: in how many it has less.
        ties: in how many it has the same.
        p_value: of the two-sided sign test over the wins and losses, in [0, 1].
    """

    key: str
    title: str
    challenger: float
    champion: float | None = None
    against: str = "champion"
    unit: Unit = Unit.SCORE
    change: Interval | None = None
    difference: Interval | None = None
    n: int = 0
    note: str = ""
    upper: float | None = None
    wins: int | None = None
    losses: int | None = None
    ties: int | None = None
    p_value: float | None = None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read the measure that was stored; JSON knows no nan and keeps null for it."""
        change, difference = _interval(stored["change"]), _interval(stored["difference"])
        challenger = math.nan if stored["challenger"] is None else stored["challenger"]
        unit = Unit(stored["unit"])
        return cls(**{**stored, "challenger": challenger, "unit": unit, "change": change, "difference": difference})


@dataclass(frozen=True, slots=True)
class Slice:
    """The first measure for some of the readers.

    Attributes:
        group: what the readers are divided by, as "age band".
        title: which of them, as "Age 9 to 11".
        n: how many readers.
        challenger: mean of the new release.
        champion: mean of what it is compared with, None if nothing.
        change: relative change with its interval; None where it cannot be estimated.
    """

    group: str
    title: str
    n: int
    challenger: float
    champion: float | None = None
    change: Interval | None = None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read the slice that was stored."""
        challenger = math.nan if stored["challenger"] is None else stored["challenger"]
        return cls(**{**stored, "challenger": challenger, "change": _interval(stored["change"])})


@dataclass(frozen=True, slots=True)
class Report:
    """Everything measured of one release.

    Attributes:
        method: one line for people: split, how many readers, kind of interval.
        measures: the rows, the leading one first.
        slices: the leading measure by group.
        findings: what the audit of the data found.
        counts: further figures by name (readers, books, seconds, hash), values a page prints as they are.
        champion: key of the live release; "" if nothing is live.
        not_compared: why the live release could not be compared, as the end of a sentence; "" if it was.

    >>> report = Report("by hand", measures=(Measure("ndcg@10", "NDCG@10", 0.2, 0.1),))
    >>> Report.from_json(report.as_json()) == report, report.measure("ndcg@10").challenger
    (True, 0.2)
    """

    method: str
    measures: tuple[Measure, ...] = ()
    slices: tuple[Slice, ...] = ()
    findings: tuple[Finding, ...] = ()
    counts: Mapping[str, str | int | float] = field(default_factory=dict)
    champion: str = ""
    not_compared: str = ""

    def measure(self, key: str) -> Measure:
        """Find the measure of this key.

        Raises:
            UnknownMeasureError: it was not measured.
        """
        for measure in self.measures:
            if measure.key == key:
                return measure
        raise UnknownMeasureError(key)

    def has(self, key: str) -> bool:
        """Tell whether the key was measured."""
        return any(measure.key == key for measure in self.measures)

    def as_json(self) -> JSON:
        """Write the report as dictionaries, lists, texts and numbers."""
        return {
            "method": self.method,
            "measures": [asdict(measure) for measure in self.measures],
            "slices": [asdict(part) for part in self.slices],
            "findings": [finding.as_json() for finding in self.findings],
            "counts": dict(self.counts),
            "champion": self.champion,
            "not_compared": self.not_compared,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read the report that was stored."""
        return cls(
            method=stored["method"],
            measures=tuple(Measure.from_json(row) for row in stored["measures"]),
            slices=tuple(Slice.from_json(row) for row in stored["slices"]),
            findings=tuple(Finding.from_json(row) for row in stored["findings"]),
            counts=stored["counts"],
            champion=stored.get("champion", ""),
            not_compared=stored.get("not_compared", ""),
        )


def _interval(stored: Mapping[str, Any] | None) -> Interval | None:
    return None if stored is None else Interval(**stored)
