from datetime import time

from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "apps.events"
    label = "events"
    verbose_name = "Events"

    def ready(self) -> None:
        """Register erasure, export, purges and panels: events go with their reader, and at night when they are old."""
        from apps.catalog.services.audience import register_audience
        from apps.events.services.lists import end_lists
        from apps.events.services.privacy import erase_events, erase_lists, export_events, export_lists
        from apps.jobs.services.ledger.registry import register_job, register_schedule
        from apps.platform.services.lifecycle import register_shutdown_hook
        from apps.readers.selectors import answered_for
        from apps.readers.services import register_erasure, register_export

        register_audience(answered_for)
        register_shutdown_hook("events.lists", end_lists)
        register_erasure("events", erase_events)
        register_erasure("lists", erase_lists)
        register_export("events", export_events)
        register_export("lists", export_lists)
        register_job("events.purge", "apps.events.tasks.purge", lease_seconds=300)
        register_schedule("events.purge", "events.purge", daily_at=time(3, 20))
