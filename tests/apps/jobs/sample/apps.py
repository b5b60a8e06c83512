from django.apps import AppConfig


class SampleConfig(AppConfig):
    name = "tests.apps.jobs.sample"
    label = "sample"

    def ready(self) -> None:
        from tests.apps.jobs.sample.jobs import register

        register()
