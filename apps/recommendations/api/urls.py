from django.urls import URLPattern, re_path

from apps.recommendations.api import views

# \Z and not $, which lets a newline follow.
READER = r"(?P<key>[A-Za-z0-9_-]{1,64})"
BOOK = r"(?P<key>[A-Za-z0-9._-]{1,64})"

urlpatterns: list[URLPattern] = [
    re_path(rf"^readers/{READER}/recommendations\Z", views.RecommendationsView.as_view(), name="recommendations"),
    re_path(rf"^readers/{READER}/home\Z", views.HomeView.as_view(), name="home"),
    re_path(rf"^books/{BOOK}/similar\Z", views.SimilarView.as_view(), name="similar"),
    re_path(r"^popular\Z", views.PopularView.as_view(), name="popular"),
]
