"""The tables: foreign keys point down the order of the apps, and migrations say all that the models say."""

from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models
from django.db.migrations.loader import MigrationLoader

from tests.architecture.tree import app_layers

LEVELS = {name: level for level, layer in enumerate(app_layers()) for name in layer}


def own_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("apps.")]


def links() -> list[tuple[type[models.Model], Any]]:
    """Every field that points at another table, with the model that has it."""
    fields: list[tuple[type[models.Model], Any]] = [
        (model, field) for model in own_models() for field in (*model._meta.fields, *model._meta.many_to_many)
    ]
    return [(model, field) for model, field in fields if field.remote_field is not None]


class TestForeignKeys:
    def test_point_down_the_order_of_the_apps(self) -> None:
        wrong = [
            f"{model.__name__}.{field.name}"
            for model, field in links()
            if (target := field.remote_field.model._meta.app_label) != model._meta.app_label
            and LEVELS.get(target, -1) >= LEVELS[model._meta.app_label]
        ]
        assert wrong == []

    def test_leave_no_trace_in_the_app_they_point_at(self) -> None:
        wrong = [
            f"{model.__name__}.{field.name}"
            for model, field in links()
            if field.remote_field.model._meta.app_label != model._meta.app_label
            and field.remote_field.related_name != "+"
        ]
        assert wrong == []

    def test_there_are_some_to_look_at(self) -> None:
        assert len(links()) >= 5


@pytest.mark.django_db
class TestMigrations:
    def test_are_complete(self) -> None:
        out = StringIO()
        call_command("makemigrations", "--check", "--dry-run", stdout=out)
        assert "No changes detected" in out.getvalue()

    def test_are_named(self) -> None:
        named = {
            f"{label}.{name}"
            for label, name in MigrationLoader(None).disk_migrations
            if label in LEVELS and "_auto_" in name
        }
        assert named == set()
