from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "apps.events"
    label = "events"
    verbose_name = "Events"

    def ready(self) -> None:
        """A reader's events go with the reader and into the export; books are shown as readers may see them."""
        from apps.catalog.services.audience import register_audience
        from apps.events.services.privacy import erase_events, export_events
        from apps.readers.selectors import audience
        from apps.readers.services import register_erasure, register_export

        register_audience(lambda reader, age_band: audience(reader, age_band).age_band)
        register_erasure("events", erase_events)
        register_export("events", export_events)
