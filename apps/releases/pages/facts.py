"""What a release was built from, as lines of a name and a value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import NoReverseMatch, reverse

from apps.platform.services import formats
from apps.releases.selectors.detail import ReleaseDetail
from apps.releases.services.files import stored_at

HASH = re.compile(r"[0-9a-f]{64}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d$")


@dataclass(frozen=True, slots=True)
class Fact:
    """What, and its value; with an address it is a link."""

    name: str
    value: str
    href: str = ""
    note: str = ""
    mono: bool = False


def origin_facts(detail: ReleaseDetail) -> list[Fact]:
    """List what the manifest says in its own words, then hash, size and who built it."""
    row = detail.row
    facts = [
        Fact(formats.term(name)[:1].upper() + formats.term(name)[1:], _text(value))
        for name, value in detail.manifest.items()
        if name != "files" and value not in (None, "", [], {})
    ]
    if row.sha256:
        facts.append(Fact("SHA-256", formats.short_hash(row.sha256), mono=True))
    if detail.size_bytes:
        files = formats.counted(len(detail.manifest.get("files", {})), "file")
        facts.append(Fact("Size", f"{formats.size(detail.size_bytes)} on disk", note=f"in {files}"))
        kept = stored_at(row.kind, row.key)
        copy = "" if kept.has_copy is None else "this machine has a copy" if kept.has_copy else "no copy here yet"
        facts.append(Fact("Kept in", kept.place, note=copy, mono=True))
    if row.job_id:
        facts.append(Fact("Built by", row.created_by, job_address(row.job_id), note=f"job {row.job_id}"))
    else:
        facts.append(Fact("Built by", row.created_by))
    if row.why:
        facts.append(Fact("Why", row.why))
    if detail.build_steps:
        took = ", ".join(f"{step.name} {step.seconds:.1f} s" for step in detail.build_steps)
        reused = ", ".join(step.name for step in detail.build_steps if step.reused)
        facts.append(
            Fact("Steps", took, note=f"taken over from an attempt that was stopped: {reused}" if reused else "")
        )
    for one in row.accepted:
        when = formats.moment(datetime.fromisoformat(one["at"]))
        facts.append(Fact("Accepted", f"{one['name']}, by {one['by']}, {when}", note=one["why"]))
    if detail.compared_with:
        facts.append(
            Fact("Compared with", detail.compared_with, reverse("release", args=[row.kind, detail.compared_with]))
        )
    return facts


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return formats.thousands(value)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{formats.term(str(name))} {_text(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_text(part) for part in value)
    return _plain_text(str(value))


def _plain_text(text: str) -> str:
    """Shorten a hash, and write an instant as everywhere; names and anything else stay."""
    if HASH.fullmatch(text):
        return formats.short_hash(text)
    if INSTANT.match(text):
        return formats.moment(datetime.fromisoformat(text))
    return formats.term(text)


def job_address(job_id: int) -> str:
    """Return where staff see this job; empty where no page shows jobs."""
    try:
        return reverse("admin:jobs_job_change", args=[job_id])
    except NoReverseMatch:
        return ""
