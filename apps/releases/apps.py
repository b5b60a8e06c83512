from datetime import timedelta

from django.apps import AppConfig

RECONCILE_EVERY = timedelta(minutes=5)
CLEAR_EVERY = timedelta(hours=1)
VERIFY_EVERY = timedelta(minutes=10)


class ReleasesConfig(AppConfig):
    name = "apps.releases"
    label = "releases"
    verbose_name = "Releases"

    def ready(self) -> None:
        from apps.jobs.services.ledger.registry import register_job, register_schedule
        from apps.platform.services.backup.parts import BackupPart, register_backup_part
        from apps.platform.services.health import register_health
        from apps.platform.services.metrics import register_collector
        from apps.platform.services.panels import register_panel
        from apps.readers.services import register_erasure
        from apps.releases import checks  # noqa: F401 - registers itself
        from apps.releases.pages.overview import live_panel, waiting_panel
        from apps.releases.services import leases, monitoring, reconciling, restoring

        part = BackupPart(
            files=restoring.kept_files, put_back=restoring.put_back, after_restore=restoring.after_restore
        )
        register_backup_part("releases", part)
        register_health("artifacts", monitoring.storage_health)
        register_collector(monitoring.collect)
        register_erasure("snapshots", reconciling.forget_reader)
        register_job(leases.BUILD_JOB, "apps.releases.tasks.build", lease_seconds=leases.LEASE_SECONDS, long=True)
        register_job("releases.reconcile", "apps.releases.tasks.reconcile")
        register_schedule("releases.reconcile", "releases.reconcile", every=RECONCILE_EVERY, at_start=True)
        register_job("releases.verify_live", "apps.releases.tasks.verify_live", lease_seconds=300, long=True)
        register_schedule("releases.verify_live", "releases.verify_live", every=VERIFY_EVERY)
        register_job("releases.remove_leftovers", "apps.releases.tasks.remove_leftovers")
        register_schedule("releases.remove_leftovers", "releases.remove_leftovers", every=CLEAR_EVERY)
        register_panel("live", "Live now", live_panel, order=10, permission="releases.view_release")
        register_panel("waits", "Waits for you", waiting_panel, order=20, permission="releases.view_release")
