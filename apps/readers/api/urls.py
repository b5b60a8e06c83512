from django.urls import path

from apps.readers.api import views

urlpatterns = [
    path("readers/<str:key>", views.ReaderView.as_view(), name="api-reader"),
    path("readers/<str:key>/export", views.ReaderExportView.as_view(), name="api-reader-export"),
    path("readers/<str:key>/tokens", views.ReaderTokensView.as_view(), name="api-reader-tokens"),
]
