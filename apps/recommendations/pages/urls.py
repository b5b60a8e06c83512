from django.urls import path

from apps.recommendations.pages import views

urlpatterns = [
    path("recommendations/", views.models, name="models"),
    path("recommendations/readers/<str:key>/", views.reader, name="reader-sees"),
    path("recommendations/readers/<str:key>/export.json", views.export, name="reader-export"),
]
