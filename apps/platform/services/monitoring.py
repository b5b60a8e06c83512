"""What Prometheus is told of the parts themselves."""

from collections.abc import Iterable

from django.conf import settings
from django.db import connection
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from apps.platform.services.disk import free_bytes, written_folders
from apps.platform.services.health import parts_health_in_time

STATES = {"ok": 0, "degraded": 1, "down": 2}


def collect() -> Iterable[Metric]:
    """Collect the state of each part, and the room on each disk that can be asked."""
    states = GaugeMetricFamily("epicml_part_state", "0 works, 1 degraded, 2 down.", labels=["part"])
    for part in parts_health_in_time():
        states.add_metric([part.name], STATES[part.state])
    yield states
    free = GaugeMetricFamily("epicml_disk_free_bytes", "Room left where it is written.", labels=["holds"])
    for folder in written_folders(var=settings.VAR_DIR, database=connection.settings_dict):
        try:
            free.add_metric([folder.holds.removeprefix("the ")], free_bytes(folder))
        except OSError:  # the state of the disk says so
            continue
    yield free
