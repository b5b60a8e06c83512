from datetime import time

from django.apps import AppConfig

NIGHTLY_AT = time(2, 0)


class RecommendationsConfig(AppConfig):
    name = "apps.recommendations"
    label = "recommendations"
    verbose_name = "Recommendations"

    def ready(self) -> None:
        from django.utils import timezone

        from apps.jobs.services.ledger.registry import register_job, register_schedule
        from apps.platform.services.health import register_health
        from apps.platform.services.lifecycle import register_warmer
        from apps.platform.services.metrics import register_collector
        from apps.recommendations.services import measures, training
        from apps.recommendations.services.lists import candidate_pool
        from apps.releases.services.leases import LEASE_SECONDS

        training.register()
        register_job(
            "recommendations.retrain", "apps.recommendations.tasks.retrain", lease_seconds=LEASE_SECONDS, long=True
        )
        register_schedule("recommendations.retrain", "recommendations.retrain", daily_at=NIGHTLY_AT)
        register_health("recommender", lambda: measures.model_health(now=timezone.now()))
        register_collector(measures.live_model_metric)
        register_warmer("recommender", lambda: candidate_pool.warm(now=timezone.now()))
