"""What jobs show on the first page of the staff site: how much waits, runs and is dead, and who does the work."""

from datetime import datetime

from django.urls import reverse

from apps.jobs.selectors.jobs import counts_by_name, oldest_due_at
from apps.jobs.selectors.ledger_time import ledger_now
from apps.jobs.selectors.runners import runners_able
from apps.platform.services import formats
from apps.platform.services.panels import Cell, Column, Link, Message, Panel

NOBODY_WORKS = Message(
    "Nobody does the background work.",
    "Jobs wait, but no runner was seen in the last 30 s. Readers still get answers; what changed does not reach search."
    " It mends itself when manage.py serve or manage.py runjobs runs.",
)


def work_panel(now: datetime) -> Panel:
    """Show the background work of this moment, with a notice where it waits and nobody is there to do it."""
    counts = counts_by_name()
    waiting, running, dead = (
        sum(count for (_, found), count in counts.items() if found == state) for state in ("queued", "leased", "dead")
    )
    runners = len(runners_able(ledger_now(now)))
    return Panel(
        caption="Jobs by state",
        columns=(Column("State"), Column("Jobs", is_number=True), Column("Meaning", is_hidden=True)),
        rows=(
            (Cell("Waiting"), Cell(formats.thousands(waiting)), Cell(_waiting_since(waiting, now))),
            (
                Cell("Running"),
                Cell(formats.thousands(running)),
                Cell(f"{formats.counted(runners, 'runner')} alive"),
            ),
            (
                Cell("Dead"),
                Cell(formats.thousands(dead)),
                Cell("needs a look", state="watch") if dead else Cell("none", state="better"),
            ),
        ),
        link=Link("All jobs", reverse("admin:jobs_job_changelist"), "jobs.view_job"),
        notice=NOBODY_WORKS if waiting and not runners else None,
    )


def _waiting_since(waiting: int, now: datetime) -> str:
    oldest = oldest_due_at(now)
    if oldest:
        return f"the oldest could have run {formats.age(oldest, now)} ago"
    return "none is due yet" if waiting else "nothing is due"
