import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from apps.jobs.services.startup import NotReadyError, check_migrated
from tests.apps.jobs.processes import start


@pytest.mark.django_db
class TestCheckMigrated:
    def test_database_with_every_migration_is_ready(self) -> None:
        check_migrated()

    def test_database_that_lacks_one_says_what_to_do(self) -> None:
        newest = MigrationLoader(connection).graph.leaf_nodes("jobs")[0]
        MigrationRecorder(connection).record_unapplied(*newest)

        with pytest.raises(NotReadyError) as refused:
            check_migrated()
        lacks, _, to_do = refused.value.message.partition(": ")
        assert lacks.startswith("The database lacks ")
        assert to_do == "run manage.py migrate."

    def test_database_that_does_not_answer_is_one_sentence_of_the_command(self) -> None:
        process = start("runjobs", "--once", DATABASE_URL="sqlite:////dev/null/epicml.sqlite3")

        assert process.communicate(timeout=30)[0] == (
            "CommandError: The database does not answer (OperationalError): look at DATABASE_URL.\n"
        )
        assert process.returncode == 1
