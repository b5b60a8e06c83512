from django.urls import path, register_converter

from apps.releases.pages import decisions, views


class ReleaseKey:
    """A day and a number: 2026-11-24.1. Nothing of the admin's own addresses looks like it."""

    regex = r"\d{4}-\d\d-\d\d\.\d{1,6}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ReleaseKey, "release_key")

urlpatterns = [
    path("releases/", views.releases, name="releases"),
    path("releases/<slug:kind>/<release_key:key>/", views.release, name="release"),
    path("releases/<slug:kind>/<release_key:key>/report.csv", views.report_csv, name="release-report-csv"),
    path("releases/<slug:kind>/<release_key:key>/promote/", decisions.promote, name="release-promote"),
    path("releases/<slug:kind>/<release_key:key>/roll-back/", decisions.roll_back, name="release-roll-back"),
]
