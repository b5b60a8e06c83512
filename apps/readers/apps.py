from django.apps import AppConfig


class ReadersConfig(AppConfig):
    name = "apps.readers"
    label = "readers"
    verbose_name = "Readers"

    def ready(self) -> None:
        """A restore brings nobody back who was erased since the backup."""
        from apps.platform.services.backup.parts import BackupPart, register_backup_part
        from apps.readers.services import carry_erasures, settle_erasures

        register_backup_part("readers", BackupPart(carry=carry_erasures, settle=settle_erasures))
