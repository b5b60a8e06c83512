import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.core import GaugeMetricFamily

from apps.platform.services import metrics

COUNT = """
from apps.platform.services.metrics import DURATION, REQUESTS, exposition
REQUESTS.labels("a", "GET", "200").inc({times})
DURATION.labels("a").observe(0.002)
print(exposition().decode())
"""


class TestExposition:
    def test_counts_all_processes_together(self, tmp_path: Path) -> None:
        outputs = [
            subprocess.run(
                [sys.executable, "-c", COUNT.format(times=times)],
                env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
                cwd=Path(__file__).resolve().parents[4],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for times in (3, 4)
        ]
        assert 'epicml_http_requests_total{method="GET",route="a",status="200"} 7.0' in outputs[1]
        assert 'epicml_http_request_duration_seconds_bucket{le="0.0025",route="a"} 2.0' in outputs[1]

    def test_reads_what_apps_register_when_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(metrics, "_collectors", {})
        waiting = [1.0]
        metrics.register_collector(lambda: [GaugeMetricFamily("epicml_jobs_waiting", "Jobs.", value=waiting[0])])
        assert b"epicml_jobs_waiting 1.0" in metrics.exposition()
        waiting[0] = 5.0
        assert b"epicml_jobs_waiting 5.0" in metrics.exposition()
