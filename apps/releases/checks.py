"""What must be right before several machines serve the same releases."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connection


@checks.register()
def machines_share_artifacts(**_: Any) -> list[checks.CheckMessage]:
    """Warn where several machines are likely and what one of them builds would stay on it."""
    is_own_folder = not settings.ARTIFACTS_URL
    has_one_machine = not settings.REDIS_URL or connection.vendor == "sqlite"
    if has_one_machine or not is_own_folder:
        return []
    return [
        checks.Warning(
            f"DATABASE_URL and REDIS_URL are set, but artifacts lie in {settings.ARTIFACTS_DIR}: another machine that "
            "serves will not find the indexes and models that this one builds.",
            hint="Set ARTIFACTS_URL to s3://BUCKET/PREFIX, or to file:///FOLDER where all machines share that folder "
            "or there is only this one.",
            id="releases.W001",
        )
    ]
