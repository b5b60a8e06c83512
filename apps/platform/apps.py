from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "apps.platform"
    label = "platform"
    verbose_name = "Platform"

    def ready(self) -> None:
        from corsheaders.signals import check_request_enabled

        from apps.platform import checks  # noqa: F401 - registers itself
        from apps.platform.api.cors import origin_has_key
        from apps.platform.services.backup.access import carry_access, settle_access
        from apps.platform.services.backup.parts import BackupPart, register_backup_part
        from apps.platform.services.health import database_health, register_health

        check_request_enabled.connect(origin_has_key, dispatch_uid="platform.origin_has_key")
        register_health("database", database_health)
        fleeting = ("sessions.Session", "platform.ThrottleCount")
        register_backup_part("platform", BackupPart(fleeting=fleeting, carry=carry_access, settle=settle_access))
