from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "apps.catalog"
    label = "catalog"
    verbose_name = "Catalogue"

    def ready(self) -> None:
        """Register what a backup carries, so that a restore shows children nothing that was kept from them since."""
        from apps.catalog.services.restoring import carry_restrictions, reapply_restrictions
        from apps.platform.services.backup.parts import BackupPart, register_backup_part

        register_backup_part("catalog", BackupPart(carry=carry_restrictions, after_restore=reapply_restrictions))
