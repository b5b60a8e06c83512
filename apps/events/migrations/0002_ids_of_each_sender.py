"""Ids of events are unique for each sender, not for all together.

Ten million rows are not written anew on PostgreSQL: a column with a constant default costs nothing, and the new index
is read from them once. SQLite keeps a constraint inside of its table, so that to drop the old one it copies the
table, once. What is stored already keeps the sender "", which is that of imports.
"""

from django.db import migrations, models
from django.db.models import F


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0001_events"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name="event", name="sender", field=models.CharField(db_default="", max_length=40)
                ),
            ],
            database_operations=[
                migrations.RunSQL(  # AddField would have SQLite copy the table for that
                    "ALTER TABLE events_event ADD COLUMN sender varchar(40) NOT NULL DEFAULT ''",
                    "ALTER TABLE events_event DROP COLUMN sender",
                ),
            ],
        ),
        migrations.RemoveConstraint(model_name="event", name="event_id_unique"),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(F("sender"), F("event_id"), name="event_id_unique_of_sender"),
        ),
    ]
