from django.urls import URLPattern, re_path

from apps.releases.api import views

KIND = r"(?P<kind>[a-z_]{1,32})"
KEY = r"(?P<key>[0-9]{4}-[0-9]{2}-[0-9]{2}\.[0-9]{1,6})"

urlpatterns: list[URLPattern] = [
    re_path(r"^releases$", views.ReleaseListView.as_view(), name="releases"),
    re_path(rf"^releases/{KIND}/roll-back$", views.RollBackView.as_view(), name="roll_back"),
    re_path(rf"^releases/{KIND}/{KEY}$", views.ReleaseView.as_view(), name="release"),
    re_path(rf"^releases/{KIND}/{KEY}/promote$", views.PromoteView.as_view(), name="promote"),
]
