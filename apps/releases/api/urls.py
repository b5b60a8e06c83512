from django.urls import URLPattern, re_path

from apps.releases.api import views
from apps.releases.api.schema import KEY_FORM, KIND_FORM

# \Z and not $, which lets a newline follow.
KIND = rf"(?P<kind>{KIND_FORM})"
KEY = rf"(?P<key>{KEY_FORM})"

urlpatterns: list[URLPattern] = [
    re_path(r"^releases\Z", views.ReleaseListView.as_view(), name="releases"),
    re_path(rf"^releases/{KIND}/roll-back\Z", views.RollBackView.as_view(), name="roll_back"),
    re_path(rf"^releases/{KIND}/{KEY}\Z", views.ReleaseView.as_view(), name="release"),
    re_path(rf"^releases/{KIND}/{KEY}/promote\Z", views.PromoteView.as_view(), name="promote"),
]
