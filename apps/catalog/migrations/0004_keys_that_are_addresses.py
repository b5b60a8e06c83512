import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_age_band_source")]

    operations = [
        migrations.AlterField(
            model_name="book",
            name="key",
            field=models.CharField(
                max_length=64,
                unique=True,
                validators=[django.core.validators.RegexValidator("\\A(?!\\.{1,2}\\Z)[A-Za-z0-9._-]{1,64}\\Z")],
            ),
        ),
    ]
