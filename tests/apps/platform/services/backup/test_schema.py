import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from apps.platform.services.backup.copy_text import Kind
from apps.platform.services.backup.schema import (
    OtherVersionError,
    applied_migrations,
    ephemeral_tables,
    installed_tables,
    known_migrations,
    last_of_each,
    tables,
)

pytestmark = pytest.mark.django_db


class TestTables:
    def test_are_those_of_every_installed_model_but_the_ephemeral_ones(self) -> None:
        """A new app is in backups by itself; a column of a kind that is not known would raise here."""
        every = {model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed}
        assert {table.name for table in tables(applied_migrations())} == every - ephemeral_tables()

    def test_leave_out_only_what_is_worth_nothing_later(self) -> None:
        assert ephemeral_tables() == {"django_session", "jobs_runner", "platform_throttlecount"}

    def test_have_every_column_of_the_database(self) -> None:
        with connection.cursor() as cursor:
            for table in tables(applied_migrations()):
                there = connection.introspection.get_table_description(cursor, table.name)
                assert set(table.columns) == {column.name for column in there}

    def test_know_the_kind_behind_a_foreign_key(self) -> None:
        isbn = next(table for table in tables(applied_migrations()) if table.name == "catalog_isbn")
        assert dict(zip(isbn.columns, isbn.kinds, strict=True)) == {"number": Kind.TEXT, "book_id": Kind.INTEGER}
        assert not isbn.counted

    def test_of_earlier_migrations_are_as_they_were_then(self) -> None:
        earlier = {"catalog": ["0001_books"], "readers": ["0001_readers"]}
        assert "catalog_isbn" not in {table.name for table in tables(earlier)}


class TestKnownMigrations:
    def test_refuses_those_of_a_newer_version(self) -> None:
        MigrationRecorder(connection).record_applied("readers", "0999_hair_colour")
        with pytest.raises(OtherVersionError, match=r"newer version of this software: readers\.0999_hair_colour"):
            applied_migrations()

    def test_refuses_an_app_of_a_newer_version(self) -> None:
        with pytest.raises(OtherVersionError, match=r"experiments\.0001_flags"):
            known_migrations({"experiments": ["0001_flags"]}, MigrationLoader(None), whose="The backup")

    def test_lets_an_app_pass_that_need_not_be_installed(self, settings: pytest.FixtureRequest) -> None:
        settings.DISPENSABLE_APPS = ["show"]  # type: ignore[attr-defined]
        migrations = {"show": ["0001_window"], "readers": ["0001_readers"]}
        assert known_migrations(migrations, MigrationLoader(None), whose="It") == {"readers": ["0001_readers"]}


class TestLastOfEach:
    def test_is_one_of_an_app_with_a_line_of_migrations(self) -> None:
        found = last_of_each({"catalog": ["0001_books", "0002_isbns"], "jobs": ["0001_initial"]}, MigrationLoader(None))
        assert found == [("catalog", "0002_isbns"), ("jobs", "0001_initial")]


class TestInstalledTables:
    def test_include_those_of_a_newer_version_of_an_app(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE catalog_shelfmark (id bigint)")
            cursor.execute("CREATE TABLE somebody_elses (id bigint)")
        found = installed_tables()
        assert {"catalog_shelfmark", "catalog_book", "django_migrations"} <= found
        assert "somebody_elses" not in found
