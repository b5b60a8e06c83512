from django.urls import URLPattern, path

from demo.storefront import storefront

urlpatterns: list[URLPattern] = [path("", storefront, name="storefront")]
