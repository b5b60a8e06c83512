from datetime import timedelta

from django.apps import AppConfig

RECONCILE_EVERY = timedelta(minutes=5)


class ReleasesConfig(AppConfig):
    name = "apps.releases"
    label = "releases"
    verbose_name = "Releases"

    def ready(self) -> None:
        from apps.jobs.services.registry import register_job, register_schedule

        register_job("releases.reconcile", "apps.releases.tasks.reconcile")
        register_schedule("releases.reconcile", "releases.reconcile", every=RECONCILE_EVERY, at_start=True)
