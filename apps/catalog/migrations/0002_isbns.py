import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_books")]

    operations = [
        migrations.CreateModel(
            name="Isbn",
            fields=[
                (
                    "number",
                    models.CharField(
                        max_length=13,
                        primary_key=True,
                        serialize=False,
                        validators=[django.core.validators.RegexValidator("\\A97[89][0-9]{10}\\Z")],
                    ),
                ),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="isbns", to="catalog.book"
                    ),
                ),
            ],
            options={"verbose_name": "ISBN", "ordering": ["number"]},
        ),
    ]
