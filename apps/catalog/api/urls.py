from django.urls import path

from apps.catalog.api import views

urlpatterns = [
    path("books", views.BooksView.as_view(), name="api-books"),
    path("books/<str:key>", views.BookView.as_view(), name="api-book"),
]
