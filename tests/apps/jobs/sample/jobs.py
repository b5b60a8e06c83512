"""Jobs that only tests and benchmarks have. Leases are short, so that a kill is found out within a test."""

from apps.jobs.services.ledger.registry import register_job

LEASE_SECONDS = 1.5


def register() -> None:
    tasks = "tests.apps.jobs.sample.tasks"
    register_job("sample.effect", f"{tasks}.effect", atomic=True, lease_seconds=LEASE_SECONDS)
    register_job("sample.steps", f"{tasks}.steps", lease_seconds=LEASE_SECONDS, max_attempts=50)
    register_job("sample.fail", f"{tasks}.fail", lease_seconds=LEASE_SECONDS, max_attempts=1)
    register_job("sample.deaf", f"{tasks}.deaf", lease_seconds=60, long=True)
    register_job("sample.nothing", f"{tasks}.nothing")
