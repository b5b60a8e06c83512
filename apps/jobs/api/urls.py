from django.urls import path

from apps.jobs.api import views

urlpatterns = [
    path("jobs", views.JobListView.as_view()),
    path("jobs/<int:job_id>", views.JobView.as_view()),
    path("jobs/<int:job_id>/retry", views.RetryView.as_view()),
    path("jobs/<int:job_id>/cancel", views.CancelView.as_view()),
]
