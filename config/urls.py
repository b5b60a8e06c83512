"""Every address of the project: /api/v1/ for clients, /admin/ for staff, / for the sample storefront."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

# Addresses are tried one after the other: those that are asked for most come first.
API_APPS = ("search", "recommendations", "events", "readers", "catalog", "jobs", "releases")
PAGE_APPS = ("platform", "releases", "search", "recommendations")  # before the admin's own: /admin/releases/ is a page

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include([path("", include(f"apps.{name}.api.urls")) for name in API_APPS])),
    path("", include("apps.platform.api.urls")),
    path("admin/", include([path("", include(f"apps.{name}.pages.urls")) for name in PAGE_APPS])),
    path("admin/", admin.site.urls),
]

handler400 = "apps.platform.api.errors.bad_request"
handler403 = "apps.platform.api.errors.forbidden"
handler404 = "apps.platform.api.errors.not_found"
handler500 = "apps.platform.api.errors.server_error"

if settings.DEMO:
    urlpatterns.append(path("", include("demo.urls")))
