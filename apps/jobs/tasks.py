from celery import shared_task
from django.utils import timezone

from apps.jobs.selectors.ledger_time import LedgerClock
from apps.jobs.services.ledger.reconciliation import purge as purge_jobs
from apps.jobs.services.runner.running import RunningJob
from apps.jobs.services.runner.worker import run_relayed
from apps.platform.services.audit import purge_audit
from apps.platform.services.login_locks import purge_attempts

CLOCK = LedgerClock(timezone.now)


@shared_task(name="jobs.execute")
def execute(job_id: int) -> None:
    """Claim the ledger's row that the relay sent, and run it here."""
    run_relayed(job_id, clock=CLOCK)


@shared_task(name="jobs.purge")
def purge(run: RunningJob) -> None:
    """Delete what was kept long enough: ended jobs, attempts and, of the app below, the audit and failed log-ins."""
    purge_jobs(now=run.now())
    purge_audit(now=run.now())
    purge_attempts(now=run.now())
