from django.urls import URLPattern, path

from apps.platform.api import schema, views

__all__ = ["schema", "urlpatterns"]  # the schema's extensions count from when they are imported

urlpatterns: list[URLPattern] = [
    path("health/live", views.live, name="health-live"),
    path("health/ready", views.ready, name="health-ready"),
    path("metrics", views.metrics, name="metrics"),
    path("api/schema", views.SchemaView.as_view(), name="schema"),
    path("api/docs", views.DocsView.as_view(), name="docs"),
]
