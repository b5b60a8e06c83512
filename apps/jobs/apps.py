from datetime import time

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "apps.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        from apps.jobs.pages.overview import work_panel
        from apps.jobs.services.ledger.reconciliation import requeue_all
        from apps.jobs.services.ledger.registry import register_job, register_schedule
        from apps.jobs.services.runner import monitoring
        from apps.platform.services.backup.parts import BackupPart, register_backup_part
        from apps.platform.services.health import register_health
        from apps.platform.services.metrics import register_collector
        from apps.platform.services.panels import register_panel

        register_job("jobs.purge", "apps.jobs.tasks.purge")
        register_schedule("jobs.purge", "jobs.purge", daily_at=time(3, 40))
        register_health("jobs", monitoring.health)
        register_collector(monitoring.collect)
        register_panel("work", "Background work", work_panel, order=30)
        register_backup_part(
            "jobs", BackupPart(ephemeral=("jobs.Runner",), after_restore=lambda _, now: requeue_all(now=now))
        )
