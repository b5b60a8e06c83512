"""Erase what is old only as usual: what would erase far more, or by a clock that looks wrong, waits for a person.

What a rule of retention erases cannot be made again, and the rule goes by the clock. One that is two years ahead for an
hour would erase everything.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.jobs.models import Purge
from apps.jobs.selectors.purges import usual_rows
from apps.platform.services.errors import EpicmlError

logger = logging.getLogger(__name__)

FEW = 10  # rows: nobody is woken for so little
MANY = 1000
LARGE_SHARE = 0.05  # of all rows; a night of two years is .0014, a month without a runner .04
TIMES_USUAL = 3
USUAL_OVER = timedelta(days=30)
# A library to which nothing came for so long may be closed, or its clock is ahead.
SILENCE = timedelta(days=7)
BEHIND = timedelta(hours=1)


class WhyMissingError(EpicmlError):
    """Somebody accepts an erasure and does not say why."""

    code = "why_missing"

    def __init__(self) -> None:
        super().__init__("Say why so much may be erased: who and why are kept.")


@dataclass(frozen=True, slots=True)
class PurgePlan:
    """What a rule would erase now.

    `rows` of `total` are older than `before`; `newest_at` is when the newest of all came in, None if there is none.
    `kept_for` says how much a night is where as much comes in as goes; None where nobody knows.
    """

    name: str
    before: datetime
    rows: int
    total: int
    newest_at: datetime | None
    kept_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class PurgeAcceptance:
    """Who accepts an unusual purge, and why."""

    by: str
    why: str


def run_purge(
    plan: PurgePlan, *, erase: Callable[[datetime], int], now: datetime, acceptance: PurgeAcceptance | None = None
) -> int:
    """Erase all that the plan says, or hold the purge until a person accepts it; returns how many rows went.

    `erase` is given the moment before which rows go.
    """
    if acceptance is not None and not acceptance.why.strip():
        raise WhyMissingError
    reason = why_unusual(plan, now=now)
    if reason and acceptance is None:
        _hold(plan, reason, now=now)
        return 0
    rows = erase(plan.before) if plan.rows else 0
    Purge.objects.filter(name=plan.name, state=Purge.State.HELD).delete()
    if rows:
        by, why = (acceptance.by, acceptance.why) if acceptance else ("", "")
        values = {"before": plan.before, "total": plan.total, "reason": reason, "at": now}
        Purge.objects.create(name=plan.name, state=Purge.State.DONE, rows=rows, decided_by=by, why=why, **values)
        logger.info("Purge of %s: %d rows from before %s erased. %s", plan.name, rows, f"{plan.before:%Y-%m-%d}", by)
    return rows


def why_unusual(plan: PurgePlan, *, now: datetime) -> str:
    """Say what speaks against erasing this without asking, as a sentence; empty if nothing does."""
    if not plan.rows or plan.newest_at is None:
        return ""
    came = f"the newest row came in at {plan.newest_at:%Y-%m-%d %H:%M}"
    if plan.newest_at > now + BEHIND:
        return f"The clock says {now:%Y-%m-%d %H:%M}, and {came}, later than that."
    if now - plan.newest_at > SILENCE:
        return f"The clock says {now:%Y-%m-%d %H:%M}, and {came}: it may be ahead."
    usual = usual_rows(plan.name, since=now - USUAL_OVER)
    share = plan.rows / plan.total
    # Of rows that are kept for 90 days a ninetieth goes each night, the first night too.
    night = plan.total * timedelta(days=1) / plan.kept_for if plan.kept_for else 0
    if plan.rows > max(FEW, TIMES_USUAL * usual, TIMES_USUAL * night) and (plan.rows > MANY or share > LARGE_SHARE):
        return f"That is {share:.0%} of all; the most in one purge of the last {USUAL_OVER.days} days was {usual:,}."
    return ""


def _hold(plan: PurgePlan, reason: str, *, now: datetime) -> None:
    values = {"before": plan.before, "rows": plan.rows, "total": plan.total, "reason": reason}
    _, is_new = Purge.objects.update_or_create(
        name=plan.name, state=Purge.State.HELD, defaults=values, create_defaults={**values, "at": now}
    )
    logger.warning(
        "The purge of %s is held%s: it would erase %d of %d rows, those from before %s. %s",
        plan.name,
        "" if is_new else " still",
        plan.rows,
        plan.total,
        f"{plan.before:%Y-%m-%d %H:%M}",
        reason,
    )
