from pathlib import Path

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

    def test_database_that_does_not_answer_is_one_sentence_of_the_command(self, tmp_path: Path) -> None:
        (tmp_path / "a.sqlite3").write_bytes(b"this is no database" * 100)
        process = start("runjobs", "--once", DATABASE_URL=f"sqlite:///{tmp_path}/a.sqlite3")

        assert process.communicate(timeout=30)[0] == (
            "CommandError: The database does not answer (DatabaseError): look at DATABASE_URL.\n"
        )
        assert process.returncode == 1
