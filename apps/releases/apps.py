from datetime import timedelta

from django.apps import AppConfig

RECONCILE_EVERY = timedelta(minutes=5)
VERIFY_EVERY = timedelta(minutes=10)


class ReleasesConfig(AppConfig):
    name = "apps.releases"
    label = "releases"
    verbose_name = "Releases"

    def ready(self) -> None:
        from apps.jobs.services.registry import register_job, register_schedule
        from apps.platform.services.backup.parts import BackupPart, register_backup_part
        from apps.readers.services import register_erasure
        from apps.releases.services import leases, reconciling, restoring

        part = BackupPart(files=restoring.kept_files, put_back=restoring.put_back, settle=restoring.settle)
        register_backup_part("releases", part)
        register_erasure("snapshots", reconciling.forget_reader)
        register_job(leases.BUILD_JOB, "apps.releases.tasks.build", lease_seconds=leases.LEASE_SECONDS, long=True)
        register_job("releases.reconcile", "apps.releases.tasks.reconcile")
        register_schedule("releases.reconcile", "releases.reconcile", every=RECONCILE_EVERY, at_start=True)
        register_job("releases.verify_live", "apps.releases.tasks.verify_live", lease_seconds=300, long=True)
        register_schedule("releases.verify_live", "releases.verify_live", every=VERIFY_EVERY)
