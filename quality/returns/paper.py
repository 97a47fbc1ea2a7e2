"""A return as A4 PDF, in the layout of the form; statements are text, never markup."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import category

import msgspec

from quality.returns import wording
from quality.returns.schemas import FormItem, ReturnDetail
from referral.paper.model import UNSEEN
from referral.paper.press import printed

TEMPLATE = Path(__file__).with_name("return.typ")
_DRAFT_AT = datetime(2000, 1, 1, tzinfo=UTC)


def paper_of(found: ReturnDetail, site: str, fonts: Path) -> bytes:
    """The PDF; a draft says on every page that it is one, and evidence links to its pages.

    Args:
        site: where the platform is, without a slash at its end; records open there for whoever
            may open them.

    Raises:
        TypefaceMissing: the web bundle, and the typeface with it, has not been built.
    """
    said = msgspec.json.encode(plain(_said(found, site))).decode()
    at = found.quality_return.submitted_at or _DRAFT_AT
    return printed(TEMPLATE, fonts, {"document": said}, at)


def _said(found: ReturnDetail, site: str) -> dict[str, Any]:
    one, form = found.quality_return, found.form
    number, sections = 0, []
    for section in found.sections:
        items = []
        for item in section.items:
            number += 1
            items.append(_item(number, item, site))
        sections.append({"title": section.zh, "items": items})
    return {
        "title": wording.title(found),
        "house": one.facility.short_name if one.facility is not None else "",
        "period": f"{one.period}（{one.first_day} 至 {one.last_day}）",
        "state": wording.state(found),
        "draft": one.submitted_at is None,
        "form": form.version,
        "source": form.source,
        "unverified": form.to_be_verified,
        "scored": form.most_points is not None,
        "most": wording.points(form.most_points),
        "claimed": wording.points(found.claimed_points),
        "sections": sections,
        "signatures": form.signatures,
        "mark": found.issues[-1].sha256[:16] if found.issues and not found.live else "",
    }


def _item(number: int, item: FormItem, site: str) -> dict[str, Any]:
    stated = item.stated
    return {
        "number": number,
        "name": item.zh,
        "unverified": item.to_be_verified,
        "points": wording.points(item.points),
        "claimed": wording.points(stated.points if stated is not None else None),
        "content": wording.content(item),
        "evidence": [
            {"label": one.label, "url": f"{site}{one.path}"} for one in wording.shown(item)
        ],
        "beyond": wording.beyond(item),
        "author": wording.author(item),
        "columns": [one.zh for one in item.columns],
        "rows": [
            [row.get(one.code, "") for one in item.columns]
            for row in (stated.rows if stated is not None else None) or []
        ],
    }


def plain(said: Any) -> Any:
    """The same without characters that a paper never shows."""
    if isinstance(said, str):
        return "".join(one for one in said if one == "\n" or category(one) not in UNSEEN)
    if isinstance(said, Mapping):
        return {key: plain(value) for key, value in said.items()}
    return [plain(one) for one in said] if isinstance(said, list) else said
