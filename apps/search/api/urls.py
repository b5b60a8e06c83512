from django.urls import URLPattern, path

from apps.search.api import views

urlpatterns: list[URLPattern] = [
    path("suggest", views.SuggestView.as_view(), name="suggest"),
    path("search", views.SearchView.as_view(), name="search"),
]
