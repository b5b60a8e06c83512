from django.urls import path

from apps.events.api import views

urlpatterns = [
    path("events", views.EventsView.as_view(), name="api-events"),
    path("lists", views.ListsView.as_view(), name="api-lists"),
]
