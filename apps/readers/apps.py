from django.apps import AppConfig


class ReadersConfig(AppConfig):
    name = "apps.readers"
    label = "readers"
    verbose_name = "Readers"
