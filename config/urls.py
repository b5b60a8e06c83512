"""Every address of the project: /api/v1/ for clients, /admin/ for staff, / for the sample storefront."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

API_APPS = ("catalog", "readers", "events", "jobs", "releases", "search", "recommendations")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("apps.platform.api.urls")),
    path("api/v1/", include([path("", include(f"apps.{name}.api.urls")) for name in API_APPS])),
    path("admin/", admin.site.urls),
]

if settings.DEMO:
    urlpatterns.append(path("", include("demo.urls")))
