from datetime import time, timedelta

from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "apps.search"
    label = "search"
    verbose_name = "Search"

    def ready(self) -> None:
        from django.utils import timezone

        from apps.catalog.services.changes import on_change
        from apps.jobs.services.ledger.registry import register_job, register_schedule
        from apps.jobs.services.runner.following import register_follower
        from apps.platform.services.backup.parts import BackupPart, register_backup_part
        from apps.platform.services.health import register_health
        from apps.platform.services.lifecycle import register_warmer
        from apps.platform.services.metrics import register_collector
        from apps.releases.services.kinds import register_kind
        from apps.releases.services.leases import LEASE_SECONDS
        from apps.search.services import applying, monitoring, verifying, warming
        from apps.search.services.following import IndexFollower
        from apps.search.services.releasing import SEARCH_INDEX
        from apps.search.serving import opener

        register_job(applying.JOB, "apps.search.tasks.apply_changes")
        register_job("search.rebuild", "apps.search.tasks.rebuild", lease_seconds=LEASE_SECONDS, long=True)
        register_schedule("search.catch_up", applying.JOB, every=timedelta(minutes=1))  # a broken copy is made anew
        register_schedule("search.rebuild", "search.rebuild", daily_at=time(2, 30))
        register_job(verifying.JOB, "apps.search.tasks.verify_index", lease_seconds=300, long=True)
        register_schedule(verifying.JOB, verifying.JOB, every=verifying.EVERY)
        register_follower(applying.FOLLOWER, IndexFollower)
        on_change(applying.queue_changes)
        opener.tell_of_damage(verifying.queue_repair)
        register_kind(SEARCH_INDEX)
        register_health("search", monitoring.health)
        register_collector(monitoring.collect)
        register_backup_part("search", BackupPart(after_restore=lambda _, now: applying.settle_copies(now=now)))
        register_warmer("search", lambda: warming.warm(now=timezone.now()))
