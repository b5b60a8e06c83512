from dataclasses import replace

import pytest

from apps.releases.pages.facts import origin_facts
from apps.releases.selectors.detail import release_detail
from tests.apps.releases.numbers import KIND, NumberKind

pytestmark = pytest.mark.django_db


class TestOriginFacts:
    def test_say_what_the_manifest_says_then_hash_size_and_builder(self, numbers: NumberKind) -> None:
        detail = release_detail(KIND, numbers.make(1.0).key)
        facts = {fact.name: fact.value for fact in origin_facts(detail)}
        assert facts["Seed"] == "1"
        assert facts["SHA-256"].startswith(detail.row.sha256[:14])
        assert facts["Size"].endswith(" on disk")
        assert (facts["Built by"], facts["Why"]) == ("ada", "a test")

    def test_write_hashes_instants_and_numbers_as_everywhere(self, numbers: NumberKind) -> None:
        detail = release_detail(KIND, numbers.make(1.0).key)
        manifest = {
            "snapshot": {"up_to": "2026-11-20T02:00:00+00:00", "rows": 239628, "sha256": "ab" * 32},
            "models": ["item_knn", "lightfm"],
            "weights": {"item_knn": 1.4},
            "exact": True,
            "empty": None,
        }
        facts = {fact.name: fact.value for fact in origin_facts(replace(detail, manifest=manifest))}
        assert facts["Snapshot"] == "up to 20 Nov 2026, 02:00 UTC, rows 239,628, SHA-256 ababababababab…abab"
        assert facts["Models"] == "item-kNN, LightFM"
        assert facts["Weights"] == "item-kNN 1.4"
        assert facts["Exact"] == "yes"
        assert "Empty" not in facts

    def test_lead_to_the_release_it_was_compared_with(self, numbers: NumberKind) -> None:
        first = numbers.make(1.0).key
        detail = release_detail(KIND, numbers.make(2.0).key)
        compared = next(fact for fact in origin_facts(detail) if fact.name == "Compared with")
        assert compared.value == first
        assert compared.href.endswith(f"/{KIND}/{first}/")
