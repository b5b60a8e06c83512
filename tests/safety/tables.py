"""Everything that is stored, to see that a refused request stored nothing."""

from typing import Any

from django.apps import apps

# What the door writes of every request, refused ones too: when a key was last used, and how often in this minute; and
# that a reader was looked at, as by who changes nothing and is answered with the profile.
OF_THE_DOOR = {"platform.ApiKey", "platform.ThrottleCount", "platform.AuditEntry"}


def stored() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values_list())
        for model in apps.get_models(include_auto_created=True)
        if model._meta.label not in OF_THE_DOOR
    }
