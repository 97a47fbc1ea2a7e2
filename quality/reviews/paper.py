"""A review on paper: the pack without identity, and 十二格表 with conclusion and measures.

Neither says a date, but the days on which measures are due; the file holds none either.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from quality.returns.paper import plain
from quality.reviews.pack import Pack, PackMoment, PackValue
from quality.reviews.rules import RULES, Term
from quality.reviews.schemas import MeasureOut, ReviewDetail
from quality.reviews.wording import FIELDS, MEASURES, TIERS
from referral.paper.press import printed
from referral.paper.words import ACUITY, AVPU, COLOURS, LOCAL_COLOURS, OUTCOME

PACK: Final = Path(__file__).with_name("pack.typ")
SHEET: Final = Path(__file__).with_name("sheet.typ")
UNDATED: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""What the file says of its making: nothing."""

SITUATION: Final = ("chief_complaint",)
BACKGROUND: Final = ("background", "allergies")
ASSESSMENT: Final = ("diagnosis", "contractions", "amniotic_fluid", "fetus")
"""Which fields of the record stand under which letter of SBAR; the others are what was done."""
_COLOURS: Final = dict(COLOURS) | LOCAL_COLOURS
_OUTCOMES: Final = dict(OUTCOME)


def pack_of(detail: ReviewDetail, pack: Pack, fonts: Path) -> bytes:
    """The pack as PDF; equal packs give equal bytes.

    Raises:
        TypefaceMissing: the web bundle, and the typeface with it, has not been built.
    """
    return _printed(PACK, fonts, _head(detail) | _pack(pack) | {"n": detail.packs})


def sheet_of(detail: ReviewDetail, fonts: Path) -> bytes:
    """十二格表 as PDF: with what was found, or with room for the pen.

    Raises:
        TypefaceMissing: the web bundle, and the typeface with it, has not been built.
    """
    return _printed(SHEET, fonts, _head(detail) | _sheet(detail))


def _printed(template: Path, fonts: Path, said: dict[str, Any]) -> bytes:
    content = msgspec.json.encode(plain(said)).decode()
    return printed(template, fonts, {"document": content}, UNDATED)


def _head(detail: ReviewDetail) -> dict[str, Any]:
    review = detail.review
    kind = next(one for one in RULES.kinds if one.code == review.kind)
    level = next(one for one in RULES.levels if one.code == review.level)
    return {"kind": kind.zh, "level": level.zh, "rules": detail.rules, "demo": review.demo}


def _pack(pack: Pack) -> dict[str, Any]:
    her = pack.woman
    done = [one.name for one in pack.record]
    done = [one for one in done if one not in (*SITUATION, *BACKGROUND, *ASSESSMENT)]
    measured = [_value(one) for one in (*pack.vitals, *pack.values)]
    facts = [
        ("病种", her.condition.zh),
        ("危急程度", ACUITY.get(her.acuity, her.acuity)),
        ("年龄", f"{her.age} 岁" if her.age else ""),
        ("孕周", _weeks(her.gestation_days)),
        ("孕产次", _gravidity(her.gravida, her.para)),
        ("胎数", "" if her.plurality is None else str(her.plurality)),
        ("风险分级", _COLOURS.get(her.risk_colour, her.risk_colour) if her.risk_colour else ""),
        ("结局", _OUTCOMES.get(her.outcome, her.outcome) if her.outcome else ""),
    ]
    return {
        "facts": [[name, value] for name, value in facts if value],
        "houses": [f"{one.letter} 机构（{TIERS.get(one.tier, one.tier)}）" for one in pack.houses],
        "sbar": [
            ["S", "现状", [["求助原因", pack.reason], *_texts(pack, SITUATION)], []],
            ["B", "背景", _texts(pack, BACKGROUND), []],
            ["A", "评估", _texts(pack, ASSESSMENT), measured],
            ["R", "处置", _texts(pack, done), []],
        ],
        "timeline": [
            _moment(one)
            for one in sorted((*pack.timeline, *pack.treatments), key=lambda one: one.minute)
        ],
        "clocks": [
            [
                one.name.zh,
                _from_request(one.start_minute),
                _span(one.elapsed_s),
                f"≤ {_span(one.target_s)}" if one.target_s is not None else "–",
                bool(one.overdue),
                one.to_be_verified and one.target_s is not None,
            ]
            for one in pack.clocks
        ],
        "readings": [
            [_from_request(one.minute), one.house or "–", one.conclusion, one.recommendation]
            for one in pack.readings
        ],
        "advice": [
            [_from_request(one.minute), one.house or "–", one.findings, one.text]
            for one in pack.advice
        ],
    }  # fmt: skip


def _texts(pack: Pack, names: tuple[str, ...] | list[str]) -> list[list[str]]:
    return [[FIELDS.get(one.name, one.name), one.text] for one in pack.record if one.name in names]


def _value(one: PackValue) -> list[str]:
    value = one.value if isinstance(one.value, str) else f"{one.value:g}"
    if one.name == "consciousness":
        value = AVPU.get(value, value)
    return [FIELDS.get(one.name, one.name), value]


def _moment(one: PackMoment) -> list[str]:
    what = one.what.zh if one.detail is None else f"{one.what.zh} {one.detail}"
    return [_from_request(one.minute), what, one.house or "–", "补录" if one.late else ""]


def _weeks(days: int | None) -> str:
    return "" if days is None else f"{days // 7} 周 {days % 7} 天"


def _gravidity(gravida: int | None, para: int | None) -> str:
    return "" if gravida is None else f"G{gravida}P{'?' if para is None else para}"


def _from_request(minute: float) -> str:
    """Hours and minutes from the request, as the page says them."""
    hours, minutes = divmod(round(abs(minute)), 60)
    return f"{'−' if minute < 0 else '+'}{hours}:{minutes:02d}"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "未停止"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} 分" if rest == 0 else f"{minutes} 分 {rest:02d} 秒"


def _sheet(detail: ReviewDetail) -> dict[str, Any]:
    review = detail.review
    votes = {one.conclusion: one.votes for one in detail.tally}
    return {
        "house": review.facility.name if review.facility is not None else "",
        "aspects": [one.zh for one in RULES.grid.aspects],
        "rows": [
            [link.zh, [_found(detail, link.code, one.code) for one in RULES.grid.aspects]]
            for link in RULES.grid.links
        ],
        "grid_unverified": RULES.grid.to_be_verified,
        "conclusions": [
            [*_ticked(one, {review.conclusion}), votes.get(one.code)]
            for one in RULES.conclusions_of(review.kind)
        ],
        "causes": [_ticked(one, {detail.cause}) for one in RULES.causes_of(review.kind)],
        "delays": [_ticked(one, set(detail.delays)) for one in RULES.delays],
        "summary": detail.summary or "",
        "concluded": detail.concluded_at is not None,
        "measures": [_measure(one) for one in detail.measures],
        "voters": sum(one.recused is None and not one.removed for one in detail.members),
    }


def _found(detail: ReviewDetail, link: str, aspect: str) -> list[str]:
    return [one.words for one in detail.findings if (one.link, one.aspect) == (link, aspect)]


def _ticked(one: Term, said: set[str | None]) -> list[Any]:
    return [one.zh, one.code in said, one.to_be_verified]


def _measure(one: MeasureOut) -> list[str]:
    owner = one.owner.name if one.owner is not None else "–"
    return [one.words, owner, one.due_on.isoformat(), MEASURES[one.state], one.evidence or ""]
