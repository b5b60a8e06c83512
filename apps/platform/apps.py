from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "apps.platform"
    label = "platform"
    verbose_name = "Platform"

    def ready(self) -> None:
        import logging

        from corsheaders.signals import check_request_enabled
        from django.conf import settings
        from django.db import connection

        from apps.platform import checks  # noqa: F401 - registers itself
        from apps.platform.api.cors import origin_has_key
        from apps.platform.services import monitoring
        from apps.platform.services.backup.access import carry_access, reapply_access
        from apps.platform.services.backup.parts import BackupPart, register_backup_part
        from apps.platform.services.disk import disk_health, written_folders
        from apps.platform.services.health import database_health, register_health
        from apps.platform.services.metrics import register_collector
        from apps.platform.services.shared_cache import redis_health

        logging.captureWarnings(capture=True)  # they go to the log, whose lines quote no values
        check_request_enabled.connect(origin_has_key, dispatch_uid="platform.origin_has_key")
        register_health("database", database_health)
        register_health(
            "disk",
            lambda: disk_health(written_folders(var=settings.VAR_DIR, database=connection.settings_dict)),
        )
        if settings.REDIS_URL:
            register_health("redis", redis_health)
        register_collector(monitoring.collect)
        ephemeral = ("sessions.Session", "platform.ThrottleCount")
        register_backup_part(
            "platform", BackupPart(ephemeral=ephemeral, carry=carry_access, after_restore=reapply_access)
        )
