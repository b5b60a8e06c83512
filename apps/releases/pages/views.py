"""Everything that is built and served: what is live, what waits, and the two decisions a person takes."""

from django.http import HttpRequest, HttpResponse

from apps.platform.pages.shell import page, staff_page


@staff_page("releases.view_release")
def releases(request: HttpRequest) -> HttpResponse:
    return page(request, "releases/list.html", title="Releases")


@staff_page("releases.view_release")
def release(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    return page(request, "releases/detail.html", title=f"{kind} {key}")


@staff_page("releases.change_release")
def promote(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    return page(request, "releases/confirm.html", title=f"{kind} {key}")


@staff_page("releases.change_release")
def roll_back(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    return page(request, "releases/confirm.html", title=f"{kind} {key}")
