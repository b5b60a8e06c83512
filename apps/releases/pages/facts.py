"""What a release was built from, as lines of a name and a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse

from apps.platform.pages import formats
from apps.releases.selectors.detail import ReleaseDetail


@dataclass(frozen=True, slots=True)
class Fact:
    """What, and its value; with an address it is a link."""

    name: str
    value: str
    href: str = ""
    note: str = ""
    mono: bool = False


def origin_facts(detail: ReleaseDetail) -> list[Fact]:
    """What the manifest says in its own words, then hash, size and who built it."""
    row = detail.row
    facts = [
        Fact(_name(name), _text(value))
        for name, value in detail.manifest.items()
        if name != "files" and value not in (None, "", [], {})
    ]
    if row.sha256:
        facts.append(Fact("SHA-256", formats.short_hash(row.sha256), mono=True))
    if detail.size_bytes:
        files = formats.counted(len(detail.manifest.get("files", {})), "file")
        facts.append(Fact("Size", f"{formats.size(detail.size_bytes)} on disk", note=f"in {files}"))
    if row.job_id:
        facts.append(Fact("Built by", f"job {row.job_id}", _job_address(row.job_id), note=row.created_by))
    else:
        facts.append(Fact("Built by", row.created_by))
    if row.why:
        facts.append(Fact("Why", row.why))
    if detail.compared_with:
        facts.append(
            Fact("Compared with", detail.compared_with, reverse("release", args=[row.kind, detail.compared_with]))
        )
    return facts


def _name(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return formats.thousands(value, 0 if isinstance(value, int) or value.is_integer() else 4)
    if isinstance(value, Mapping):
        return ", ".join(f"{_name(str(name)).lower()} {_text(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_text(part) for part in value)
    return str(value)


def _job_address(job_id: int) -> str:
    try:
        return reverse("admin:jobs_job_change", args=[job_id])
    except NoReverseMatch:
        return ""
