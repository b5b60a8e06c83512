"""See what the retention of sessions would erase, and accept it where it is held."""

from apps.events.management.purging import PurgeCommand
from apps.events.services.retention import SESSIONS


class Command(PurgeCommand):
    help = "Say which sessions are older than SESSIONS_KEPT_DAYS and would be erased; with --accept they are."
    rule = SESSIONS
