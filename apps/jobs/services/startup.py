"""What must be true before anything is started."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from apps.platform.services.errors import UnavailableError


class NotReadyError(UnavailableError):
    """Something is missing that a command of this project puts right."""

    code = "not_ready"


def check_migrated() -> None:
    """The database answers and has every migration; else one sentence says what to do."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise NotReadyError(f"The database does not answer ({type(error).__name__}): look at DATABASE_URL.") from error
    if pending:
        raise NotReadyError(f"The database lacks {len(pending)} migrations: run manage.py migrate.")
