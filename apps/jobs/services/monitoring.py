"""How the background work is, for /health/ready and /metrics."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from apps.jobs.selectors.jobs import counts_by_name, oldest_due_at
from apps.jobs.selectors.runners import runners_alive
from apps.platform.services.health import Health

LONGEST_WAIT = timedelta(seconds=60)
NOTICED = "Readers still get answers; what changed does not reach search and recommendations."


def health() -> Health:
    """Degraded when nobody does the work, or when somebody does but it piles up."""
    now = timezone.now()  # a probe is an entry point: it takes no arguments
    if not runners_alive(now):
        detail = "Nobody does the background work: no runner was seen in the last 30 s."
        return Health("degraded", detail, noticed=NOTICED, heals="Start manage.py serve or manage.py runjobs.")
    oldest = oldest_due_at(now)
    if oldest is not None and now - oldest > LONGEST_WAIT:
        seconds = int((now - oldest).total_seconds())
        detail = f"A job has been waiting for {seconds} s; runners are at work but behind."
        return Health("degraded", detail, noticed=NOTICED, heals="It mends itself, or with more runners.")
    return Health("ok")


def collect() -> Iterable[Metric]:
    """How many jobs wait, run and were given up by name; how long the oldest waits; how many runners are alive."""
    now = timezone.now()
    jobs = GaugeMetricFamily("epicml_jobs", "Jobs by name and state.", labels=("name", "state"))
    for (name, state), count in counts_by_name().items():
        jobs.add_metric((name, state), count)
    yield jobs
    oldest = oldest_due_at(now)
    waited = (now - oldest).total_seconds() if oldest else 0.0
    yield GaugeMetricFamily("epicml_jobs_oldest_wait_seconds", "How long the oldest due job waits.", value=waited)
    yield GaugeMetricFamily("epicml_job_runners", "Runners and relays seen lately.", value=runners_alive(now))
