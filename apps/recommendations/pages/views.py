"""Which model recommends, and what one reader sees of it."""

from django.http import HttpRequest, HttpResponse

from apps.platform.pages.shell import page, staff_page


@staff_page("releases.view_release")
def models(request: HttpRequest) -> HttpResponse:
    """Which model recommends?"""
    return page(request, "recommendations/models.html", title="Models")


@staff_page("readers.view_reader")
def reader(request: HttpRequest, key: str) -> HttpResponse:
    """What does this reader see, and why?"""
    return page(request, "recommendations/reader.html", title=f"Reader {key}")
