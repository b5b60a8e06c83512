import time

from celery import shared_task
from django.db import transaction

from apps.jobs.services.runner.running import RunningJob
from tests.apps.jobs.sample import effects


@shared_task(name="sample.effect")
def effect(run: RunningJob) -> None:
    effects.add(run.id, step=0)


@shared_task(name="sample.steps")
def steps(run: RunningJob) -> None:
    count = run.arguments["steps"]
    for step in range(run.checkpoint or 0, count):
        with transaction.atomic():
            effects.add(run.id, step=step)
            run.save_checkpoint(step + 1)
        time.sleep(run.arguments["seconds"])
        run.report_progress(step + 1, count, "steps")


@shared_task(name="sample.fail")
def fail(run: RunningJob) -> None:
    effects.add(run.id, step=0)
    raise RuntimeError("the reader Ada Lovelace")


@shared_task(name="sample.deaf")
def deaf(run: RunningJob) -> None:
    time.sleep(run.arguments["seconds"])


@shared_task(name="sample.nothing")
def nothing(run: RunningJob) -> None:
    pass
