from typing import Any

from django.db import migrations
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat


def forget_pseudonyms(apps: Any, schema_editor: Any) -> None:
    """The admin's log named readers by their pseudonyms, erased ones too."""
    entries = apps.get_model("admin", "LogEntry").objects.using(schema_editor.connection.alias)
    of_readers = entries.filter(content_type__app_label="readers", content_type__model="reader")
    of_readers.update(object_repr=Concat(Value("Reader "), Cast(F("object_id"), CharField())))


class Migration(migrations.Migration):
    dependencies = [
        ("readers", "0001_readers"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(forget_pseudonyms, migrations.RunPython.noop)]
