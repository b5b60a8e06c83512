"""See what the retention of events would erase, and accept it where it is held."""

from apps.events.management.purging import PurgeCommand
from apps.events.services.retention import EVENTS


class Command(PurgeCommand):
    help = "Say which events are older than EVENTS_KEPT_DAYS and would be erased; with --accept they are."
    rule = EVENTS
