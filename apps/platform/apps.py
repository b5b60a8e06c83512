from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "apps.platform"
    label = "platform"
    verbose_name = "Platform"

    def ready(self) -> None:
        import logging

        from corsheaders.signals import check_request_enabled

        from apps.platform import checks  # noqa: F401 - registers itself
        from apps.platform.api.cors import origin_has_key
        from apps.platform.services.health import database_health, register_health

        logging.captureWarnings(capture=True)  # they go to the log, whose lines quote no values
        check_request_enabled.connect(origin_has_key, dispatch_uid="platform.origin_has_key")
        register_health("database", database_health)
