from datetime import time, timedelta

from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "apps.search"
    label = "search"
    verbose_name = "Search"

    def ready(self) -> None:
        from apps.catalog.services.changes import on_change
        from apps.jobs.services.registry import register_job, register_schedule
        from apps.platform.services.backup.parts import BackupPart, register_backup_part
        from apps.platform.services.health import register_health
        from apps.platform.services.metrics import register_collector
        from apps.releases.services.kinds import register_kind
        from apps.search.services import applying, monitoring
        from apps.search.services.releasing import SEARCH_INDEX

        register_job(applying.JOB, "apps.search.tasks.apply_changes")
        register_job("search.rebuild", "apps.search.tasks.rebuild", lease_seconds=300, long=True)
        register_schedule("search.catch_up", applying.JOB, every=timedelta(minutes=1))  # a broken copy is made anew
        register_schedule("search.rebuild", "search.rebuild", daily_at=time(2, 30))
        on_change(applying.queue_changes)
        register_kind(SEARCH_INDEX)
        register_health("search", monitoring.health)
        register_collector(monitoring.collect)
        register_backup_part("search", BackupPart(settle=lambda _, now: applying.settle_copies(now=now)))
