from django.db import migrations, models


class Migration(migrations.Migration):
    """Nobody kept who said the age bands that are there: they count as guessed, so that the next import may mend them."""

    dependencies = [("catalog", "0002_isbns")]

    operations = [
        migrations.AddField(
            model_name="book",
            name="age_band_source",
            field=models.CharField(
                choices=[("guessed", "guessed"), ("given", "given"), ("staff", "set by staff")],
                default="guessed",
                help_text="Guessed from the genres, given by a file or client, or set by staff, which no import undoes.",
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="book",
            constraint=models.CheckConstraint(
                condition=models.Q(("age_band_source__in", ["guessed", "given", "staff"])),
                name="book_age_band_source_known",
            ),
        ),
    ]
