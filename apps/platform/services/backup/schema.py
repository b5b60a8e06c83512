"""Which tables and columns the database has by its own migrations, whatever version of the code is asking."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader

from apps.platform.services.backup.copy_text import Kind
from apps.platform.services.backup.parts import backup_parts
from apps.platform.services.errors import EpicmlError

Migrations = Mapping[str, Sequence[str]]  # names by app
MIGRATIONS_TABLE = "django_migrations"

_TEXT = ("CharField", "TextField", "JSONField", "SlugField", "FilePathField", "FileField", "GenericIPAddressField")
_INTEGER = ("Integer", "BigInteger", "SmallInteger", "PositiveInteger", "PositiveBigInteger", "PositiveSmallInteger")
_KINDS = {
    **dict.fromkeys((*_TEXT, "DateField", "TimeField"), Kind.TEXT),
    **dict.fromkeys([f"{name}Field" for name in _INTEGER], Kind.INTEGER),
    **dict.fromkeys(("AutoField", "BigAutoField", "SmallAutoField"), Kind.INTEGER),
    "FloatField": Kind.FLOAT,
    "BooleanField": Kind.BOOLEAN,
    "DateTimeField": Kind.MOMENT,
    "UUIDField": Kind.UUID,
}


class OtherVersionError(EpicmlError):
    """The migrations are not those that this version knows."""

    code = "other_version"
    status = 409


class UnknownColumnError(EpicmlError):
    """A column is of a kind that backups were not taught yet."""

    code = "unknown_column"


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table, its columns, and the one whose values the database counts up."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]
    key: str
    counted: bool


def applied_migrations() -> dict[str, list[str]]:
    """Return the migrations that the database has, of the apps that are installed here.

    Raises:
        OtherVersionError: it has some that this version does not know, so its tables cannot all be known either.
    """
    loader = MigrationLoader(connection)
    return known_migrations(_by_app(loader.applied_migrations), loader, whose="The database")


def known_migrations(migrations: Migrations, loader: MigrationLoader, *, whose: str) -> dict[str, list[str]]:
    """Return the migrations without those of apps that may be left out here; refuse those of a newer version."""
    left_out = uninstalled_apps(migrations)
    wanted = {app: list(names) for app, names in migrations.items() if app not in left_out}
    unknown = [
        f"{app}.{name}" for app, names in wanted.items() for name in names if (app, name) not in loader.graph.nodes
    ]
    if unknown:
        raise OtherVersionError(
            f"{whose} was made by a newer version of this software: {unknown[0]} is not known here. Use that version."
        )
    return wanted


def last_of_each(migrations: Migrations, loader: MigrationLoader) -> list[tuple[str, str]]:
    """Return those of these migrations that no other of their app follows: what a database is brought up to."""
    nodes = {(app, name) for app, names in migrations.items() for name in names}
    followed = {
        parent.key for node in nodes for parent in loader.graph.node_map[node].parents if parent.key[0] == node[0]
    }
    return sorted(nodes - followed)


def uninstalled_apps(migrations: Collection[str]) -> list[str]:
    """List the apps with tables there which are not installed here, and may be."""
    installed = MigrationLoader(None).migrated_apps
    return [app for app in settings.DISPENSABLE_APPS if app in migrations and app not in installed]


def tables(migrations: Migrations) -> list[TableSchema]:
    """List every table after these migrations whose rows are kept, by name."""
    loader = MigrationLoader(connection)
    state = loader.project_state([(app, name) for app, names in migrations.items() for name in names])
    left_out = ephemeral_tables()
    every = [_options(model) for model in state.apps.get_models(include_auto_created=True)]
    stored = [options for options in every if options.managed and not options.proxy]
    found = [_table(options) for options in stored if options.db_table not in left_out]
    return sorted(found, key=lambda table: table.name)


def ephemeral_tables() -> set[str]:
    """Name the tables whose rows are worth nothing after a restore."""
    labels = [label for part in backup_parts().values() for label in part.ephemeral]
    return {_options(apps.get_model(label)).db_table for label in labels}


def installed_tables() -> set[str]:
    """Name every table in the database that belongs to this software, to a newer version of it too."""
    there = set(connection.introspection.table_names())
    ours = set(connection.introspection.django_table_names(include_views=False)) | {MIGRATIONS_TABLE}
    loader = MigrationLoader(connection)
    labels = {app for app, _ in loader.applied_migrations} | loader.migrated_apps
    return {name for name in there if name in ours or any(name.startswith(f"{label}_") for label in labels)}


def _table(options: Any) -> TableSchema:
    fields = options.local_concrete_fields
    return TableSchema(
        name=options.db_table,
        columns=tuple(field.column for field in fields),
        kinds=tuple(_kind(field) for field in fields),
        key=options.pk.column,
        counted=isinstance(options.pk, models.AutoField),
    )


def _options(model: type[models.Model]) -> Any:
    return model._meta  # noqa: SLF001 - documented and stable, whatever its name says


def _kind(field: Any) -> Kind:
    while field.remote_field is not None:
        field = field.target_field
    kind = _KINDS.get(field.get_internal_type())
    if kind is None:
        raise UnknownColumnError(f"{field} is a {field.get_internal_type()}: add it to {__name__}.")
    return kind


def _by_app(nodes: Collection[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for app, name in sorted(nodes):
        found.setdefault(app, []).append(name)
    return found
