"""How the background work is, for /health/ready and /metrics."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from apps.jobs.models import Lane
from apps.jobs.selectors.attempts import attempts_by_outcome, work_by_name
from apps.jobs.selectors.jobs import counts_by_name, oldest_due_at
from apps.jobs.selectors.ledger_time import ledger_now
from apps.jobs.selectors.runners import runners_able
from apps.jobs.services.runner.diagnosis import diagnose
from apps.platform.services.health import Health

LAST_DAY = timedelta(days=1)
IMPACT = "Readers still get answers; what changed does not reach search and recommendations."


def health() -> Health:
    """Say that somebody must look after the background work, and tell every finding with its remedy."""
    local = timezone.now()  # a probe is an entry point: it takes no arguments
    found = diagnose(now=ledger_now(local), local=local, broker=bool(settings.REDIS_URL))
    if not found:
        return Health("ok")
    details, remedies = [finding.detail for finding in found], dict.fromkeys(finding.remedy for finding in found)
    return Health("degraded", " ".join(details), impact=IMPACT, remedy=" ".join(remedies))


def collect() -> Iterable[Metric]:
    """Measure jobs by name and state, the longest wait, who can run jobs, and what attempts of the last day cost."""
    now = ledger_now(timezone.now())
    jobs = GaugeMetricFamily("epicml_jobs", "Jobs by name and state.", labels=("name", "state"))
    for (name, state), count in counts_by_name().items():
        jobs.add_metric((name, state), count)
    yield jobs
    oldest = oldest_due_at(now)
    waited = (now - oldest).total_seconds() if oldest else 0.0
    yield GaugeMetricFamily("epicml_jobs_oldest_wait_seconds", "How long the oldest due job waits.", value=waited)
    runners = GaugeMetricFamily("epicml_job_runners", "Who can run jobs now, by lane.", labels=("lane",))
    able = runners_able(now)
    for lane in Lane.values:
        runners.add_metric((lane,), sum(lane in row.lanes for row in able))
    yield runners
    yield from _last_day(now)


def _last_day(now: datetime) -> Iterable[Metric]:
    """Gauges, not counters: rows are purged, and a sum over all of them would read half a year at every scrape."""
    work = GaugeMetricFamily(
        "epicml_job_work_seconds_last_day", "Seconds of work of attempts that ended in the last 24 h.", labels=("name",)
    )
    lost = GaugeMetricFamily(
        "epicml_job_lost_seconds_last_day", "Of these, seconds that a stop or a kill threw away.", labels=("name",)
    )
    for name, (worked, thrown_away) in work_by_name(now - LAST_DAY, now).items():
        work.add_metric((name,), worked)
        lost.add_metric((name,), thrown_away)
    ended = GaugeMetricFamily(
        "epicml_job_attempts_last_day", "Attempts that ended in the last 24 h.", labels=("name", "outcome")
    )
    for (name, outcome), count in attempts_by_outcome(now - LAST_DAY, now).items():
        ended.add_metric((name, outcome), count)
    yield from (work, lost, ended)
