from django.urls import path

from apps.search.pages import views

urlpatterns = [path("search/index/", views.index, name="search-index")]
