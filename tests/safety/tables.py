"""Everything that is stored, to see that a refused request stored nothing."""

from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection

# What the door writes of every request, refused ones too: when a key was last used, and how often in this minute; and
# that a reader was looked at, as by who changes nothing and is answered with the profile.
OF_THE_DOOR = {"platform.ApiKey", "platform.ThrottleCount", "platform.AuditEntry"}


def stored() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as the database has it; hundreds of tests ask twice, and models take long to ask."""
    found = {}
    with connection.cursor() as cursor:
        for label, question in _questions().items():
            cursor.execute(question)
            found[label] = cursor.fetchall()
    return found


@cache
def _questions() -> dict[str, str]:
    quoted = connection.ops.quote_name
    return {
        model._meta.label: f"SELECT * FROM {quoted(model._meta.db_table)} ORDER BY {quoted(str(model._meta.pk.column))}"
        for model in apps.get_models(include_auto_created=True)
        if model._meta.label not in OF_THE_DOOR
    }
