from django.urls import URLPattern, path

from demo.storefront import reader_token, storefront

urlpatterns: list[URLPattern] = [
    path("", storefront, name="storefront"),
    path("demo/reader-token", reader_token, name="storefront-reader-token"),
]
