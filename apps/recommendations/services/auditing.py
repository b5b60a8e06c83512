"""A look at the training data before anything is learned from them; a finding "stop" ends the training."""

from collections.abc import Iterator

import numpy as np

from apps.recommendations.services.snapshot import Snapshot
from apps.releases.services.catalogue import catalogue_findings
from apps.releases.services.kinds import Audit, BuildContext, must_stop
from epicml.datasets.audit import Finding, Severity, check_leak, check_positives, most_severe_first
from epicml.datasets.splits import Split
from epicml.evaluation.offline import has_cases

ROWS_LOST = "rows_lost"
LEAST_OF_CHAMPION = 0.5  # half of the rows gone since the last training: a lost import, not a change of taste
LARGEST_READER = 0.05  # one reader with more than this share of all rows is a machine, or a shared account
LARGEST_TIMELESS = 0.5  # of more readers, a split by time is one by the order of an import
FEW_BOOKS = 5


def audit(context: BuildContext, snapshot: Snapshot) -> Audit:
    """Find what speaks against learning from this snapshot, the gravest first."""
    findings = catalogue_findings(context, snapshot.catalogue)
    before = context.champion.manifest.get("snapshot") if context.champion else None
    findings += audit_snapshot(snapshot, champion_rows=int(before["rows"]) if before else None)
    if must_stop(findings):  # too little to be cut
        return Audit(tuple(most_severe_first(findings)))
    findings += audit_split(snapshot.split)
    if not must_stop(findings) and not has_cases(snapshot.split, snapshot.features, reader_bands=snapshot.reader_bands):
        findings.append(no_cases(snapshot.split))
    return Audit(tuple(most_severe_first(findings)))


def audit_snapshot(snapshot: Snapshot, *, champion_rows: int | None) -> list[Finding]:
    """Find what is wrong with the data, what was done about it, and what must stop the training."""
    return [
        *_too_small(snapshot),
        *_rows_lost(snapshot, champion_rows),
        *snapshot.log.findings,
        *_repeated(snapshot),
        *_readers(snapshot),
        *_timeless(snapshot),
    ]


def _timeless(snapshot: Snapshot) -> Iterator[Finding]:
    """Find readers whose facts all bear one time: what they did last is then only what was stored last."""
    facts = snapshot.interactions
    first, last = facts.starts[:-1], facts.starts[1:] - 1
    several = last > first
    alike = several & (facts.at[np.minimum(first, len(facts) - 1)] == facts.at[last])
    if alike.sum() > LARGEST_TIMELESS * several.sum():
        text, done = "Readers whose facts all bear one time", "the order in which they were stored counts"
        share = float(alike.sum() / several.sum())
        yield Finding(Severity.WARNING, "at", text, share, int(alike.sum()), done=done)


def audit_split(split: Split) -> list[Finding]:
    """Find whether the holdout model has nothing to learn from, or would have seen the future."""
    found = [check_leak(split)]
    if check_positives(split.train.value.astype(np.float64)):
        text = "No reader liked a book before those that are kept for measuring."
        found.append(Finding(Severity.STOP, "value", text, 1.0, len(split.train)))
    return [finding for finding in found if finding is not None]


def no_cases(split: Split) -> Finding:
    """Say that no reader liked a book which is kept for measuring."""
    text = "No reader liked an eligible, unread book among those that are kept for measuring."
    return Finding(Severity.STOP, "value", text, 1.0, len(split.test))


def _too_small(snapshot: Snapshot) -> Iterator[Finding]:
    if np.diff(snapshot.interactions.starts).max() < 2:
        text = "No reader has read two books, so nothing can be kept for measuring."
        yield Finding(Severity.STOP, "rows", text, 1.0, len(snapshot.interactions))


def _rows_lost(snapshot: Snapshot, champion_rows: int | None) -> Iterator[Finding]:
    rows = len(snapshot.interactions)
    if champion_rows and rows < LEAST_OF_CHAMPION * champion_rows:
        lost = champion_rows - rows
        text = f"Only {rows:,} rows; the live model was built from {champion_rows:,}."
        yield Finding(Severity.STOP, "rows", text, share=lost / champion_rows, rows=lost, name=ROWS_LOST)


def _repeated(snapshot: Snapshot) -> Iterator[Finding]:
    if snapshot.log.repeated:
        share, text = snapshot.log.repeated / snapshot.log.rows_read, "Further rows of the same reader on the same book"
        done = "the newest opinion counts, without one the strongest act"
        yield Finding(Severity.NOTE, "rows", text, share, snapshot.log.repeated, done=done)


def _readers(snapshot: Snapshot) -> Iterator[Finding]:
    facts = np.diff(snapshot.interactions.starts)
    largest = int(facts.max())
    share = float(largest / facts.sum())
    if share > LARGEST_READER and len(facts) > 1 / LARGEST_READER:
        yield Finding(Severity.WARNING, "reader", "One reader has a large share of all rows", share, largest)
    few = int((facts < FEW_BOOKS).sum())
    if few:
        text, done = f"Readers with fewer than {FEW_BOOKS} books", "they are shown mostly popular books"
        yield Finding(Severity.NOTE, "reader", text, few / len(facts), few, done=done)
