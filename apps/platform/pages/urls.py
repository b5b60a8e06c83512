from django.urls import path

from apps.platform.pages import views

urlpatterns = [
    path("status/", views.status, name="status"),
    path("autocomplete/", views.refuse_autocompletion),
]
