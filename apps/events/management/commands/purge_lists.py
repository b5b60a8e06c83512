"""See what the retention of lists would erase, and accept it where it is held."""

from apps.events.management.purging import PurgeCommand
from apps.events.services.retention import LISTS


class Command(PurgeCommand):
    help = "Say which served lists are older than LISTS_KEPT_DAYS and would be erased; with --accept they are."
    rule = LISTS
