import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Author",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Book",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.CharField(
                        max_length=64,
                        unique=True,
                        validators=[django.core.validators.RegexValidator("\\A[A-Za-z0-9._-]{1,64}\\Z")],
                    ),
                ),
                ("title", models.CharField(max_length=500)),
                ("series_number", models.FloatField(blank=True, null=True)),
                (
                    "age_band",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "0 to 5"),
                            (1, "6 to 8"),
                            (2, "9 to 11"),
                            (3, "12 to 14"),
                            (4, "15 to 17"),
                            (5, "adult"),
                        ],
                        default=5,
                    ),
                ),
                (
                    "reading_level",
                    models.PositiveSmallIntegerField(blank=True, help_text="1 to 12; empty when not known.", null=True),
                ),
                (
                    "language",
                    models.CharField(default="und", help_text='"en", "de"; "und" when not known.', max_length=8),
                ),
                (
                    "published_year",
                    models.SmallIntegerField(blank=True, help_text="Negative years are before Christ.", null=True),
                ),
                ("genres", models.JSONField(blank=True, default=list)),
                ("ratings_count", models.PositiveIntegerField(default=0, help_text="How popular the book is.")),
                ("average_rating", models.FloatField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Series",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=300, unique=True)),
            ],
            options={
                "verbose_name_plural": "series",
            },
        ),
        migrations.CreateModel(
            name="BookAuthor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalog.author"
                    ),
                ),
                (
                    "book",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalog.book"),
                ),
            ],
            options={
                "ordering": ["book_id", "position"],
            },
        ),
        migrations.AddField(
            model_name="book",
            name="authors",
            field=models.ManyToManyField(related_name="books", through="catalog.BookAuthor", to="catalog.author"),
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("upsert", "Upsert"), ("delete", "Delete")], max_length=6)),
                ("at", models.DateTimeField()),
                (
                    "book",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalog.book"),
                ),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.AddField(
            model_name="book",
            name="series",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="books",
                to="catalog.series",
            ),
        ),
        migrations.AddConstraint(
            model_name="bookauthor",
            constraint=models.UniqueConstraint(fields=("book", "position"), name="book_author_one_per_position"),
        ),
        migrations.AddConstraint(
            model_name="book",
            constraint=models.CheckConstraint(condition=models.Q(("age_band__lte", 5)), name="book_age_band_known"),
        ),
        migrations.AddConstraint(
            model_name="book",
            constraint=models.CheckConstraint(
                condition=models.Q(("reading_level", None), ("reading_level__range", (1, 12)), _connector="OR"),
                name="book_reading_level_1_to_12",
            ),
        ),
        migrations.AddConstraint(
            model_name="book",
            constraint=models.CheckConstraint(condition=models.Q(("title", ""), _negated=True), name="book_has_title"),
        ),
    ]
