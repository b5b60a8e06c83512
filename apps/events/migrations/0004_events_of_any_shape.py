"""Events of other shapes than a reader's act on a book: exposures, sessions of suggestions, units of several readers.

On SQLite a column that may be empty, and a constraint, are inside of the table, for which Django copies it once for
each of them: ten million rows nine times. Here it is copied once. On PostgreSQL no row is written anew; the constraints
read them.
"""

from collections.abc import Sequence
from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class InOneCopy(migrations.SeparateDatabaseAndState):
    """Changes of one table for which SQLite copies it once."""

    def __init__(self, model_name: str, changes: Sequence[Operation]) -> None:
        super().__init__(database_operations=changes, state_operations=changes)
        self.model_name = model_name

    def deconstruct(self) -> Any:
        return self.__class__.__name__, [self.model_name, self.state_operations], {}

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "sqlite":
            schema_editor._remake_table(to_state.apps.get_model(app_label, self.model_name))  # noqa: SLF001
        else:
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "sqlite":
            schema_editor._remake_table(to_state.apps.get_model(app_label, self.model_name))  # noqa: SLF001
        else:
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0004_keys_that_are_addresses"),
        ("events", "0003_served_lists"),
        ("readers", "0002_admin_log_without_pseudonyms"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="details",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="event",
            name="list_mark",
            field=models.CharField(
                choices=[("matched", "Matched"), ("unknown", "Unknown"), ("book", "Book"), ("position", "Position")],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="position",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="event",
            name="unit_key",
            field=models.CharField(max_length=64, null=True),
        ),
        migrations.AddField(
            model_name="event",
            name="unit_kind",
            field=models.CharField(
                choices=[("household", "Household"), ("classroom", "Classroom")], max_length=9, null=True
            ),
        ),
        InOneCopy(
            "event",
            [
                migrations.RemoveConstraint(
                    model_name="event",
                    name="event_kind_known",
                ),
                migrations.AlterField(
                    model_name="event",
                    name="book",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.book",
                    ),
                ),
                migrations.AlterField(
                    model_name="event",
                    name="kind",
                    field=models.CharField(
                        choices=[
                            ("shown", "Shown"),
                            ("opened", "Opened"),
                            ("started", "Started"),
                            ("finished", "Finished"),
                            ("rated", "Rated"),
                            ("liked", "Liked"),
                            ("hidden", "Hidden"),
                            ("typed", "Typed"),
                            ("exposed", "Exposed"),
                        ],
                        max_length=8,
                    ),
                ),
                migrations.AlterField(
                    model_name="event",
                    name="reader",
                    field=models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="readers.reader"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="event",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "shown",
                                    "opened",
                                    "started",
                                    "finished",
                                    "rated",
                                    "liked",
                                    "hidden",
                                    "typed",
                                    "exposed",
                                ],
                            )
                        ),
                        name="event_kind_known",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="event",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("kind__in", ("typed", "exposed")), _negated=True),
                                ("book__isnull", False),
                                ("details", None),
                                ("reader__isnull", False),
                                ("unit_key", None),
                                ("unit_kind", None),
                            ),
                            models.Q(
                                ("details__isnull", False), ("kind", "typed"), ("unit_key", None), ("unit_kind", None)
                            ),
                            models.Q(
                                ("book", None),
                                ("details__isnull", False),
                                ("kind", "exposed"),
                                models.Q(
                                    models.Q(("reader__isnull", False), ("unit_key", None), ("unit_kind", None)),
                                    models.Q(
                                        ("reader", None), ("unit_key__isnull", False), ("unit_kind__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="event_has_what_its_kind_needs",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="event",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("unit_kind", None), ("unit_kind__in", ["household", "classroom"]), _connector="OR"
                        ),
                        name="event_unit_kind_known",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="event",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("list_mark", None),
                            ("list_mark__in", ["matched", "unknown", "book", "position"]),
                            _connector="OR",
                        ),
                        name="event_list_mark_known",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="event",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("position", None), ("position__gte", 1), _connector="OR"),
                        name="event_position_from_1",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("list_mark", "unknown")), fields=["list_id"], name="event_unknown_list"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(condition=models.Q(("kind", "typed")), fields=["received_at"], name="event_typed"),
        ),
    ]
