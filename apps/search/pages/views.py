"""What is indexed and served by search."""

from django.http import HttpRequest, HttpResponse

from apps.platform.pages.shell import page, staff_page


@staff_page("releases.view_release")
def index(request: HttpRequest) -> HttpResponse:
    """Which books does search know?"""
    return page(request, "search/index.html", title="Search index")
