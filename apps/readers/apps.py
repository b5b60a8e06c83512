from functools import partial

from django.apps import AppConfig


class ReadersConfig(AppConfig):
    name = "apps.readers"
    label = "readers"
    verbose_name = "Readers"

    def ready(self) -> None:
        """Register what erasure, audit and backup need of readers: a restore brings nobody back who was erased since.

        The audit finds a reader by the pseudonym, and a pseudonym that was erased stands in no refused row.
        """
        from django.conf import settings

        from apps.platform.services.audit import register_subject_hash
        from apps.platform.services.backup.parts import BackupPart, register_backup_part
        from apps.platform.services.tabular.refusals import erase_in
        from apps.readers.services import carry_erasures, reader_hash, reapply_erasures, register_text_erasure

        register_subject_hash(reader_hash)
        register_backup_part("readers", BackupPart(carry=carry_erasures, after_restore=reapply_erasures))
        register_text_erasure("imports", partial(erase_in, [settings.VAR_DIR, settings.VAR_DIR / "imports"]))
