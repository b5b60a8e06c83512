from celery import shared_task
from django.utils import timezone

from apps.jobs.selectors.ledger_time import LedgerClock
from apps.jobs.services.reconciliation import purge as purge_jobs
from apps.jobs.services.running import RunningJob
from apps.jobs.services.worker import run_relayed

CLOCK = LedgerClock(timezone.now)


@shared_task(name="jobs.execute")
def execute(job_id: int) -> None:
    """What the relay sends: the ledger's row is claimed and run here."""
    run_relayed(job_id, clock=CLOCK)


@shared_task(name="jobs.purge")
def purge(run: RunningJob) -> None:
    purge_jobs(now=run.now())
