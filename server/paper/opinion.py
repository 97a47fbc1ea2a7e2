"""An opinion on paper: what was signed, who stands by it or not, what became of the orders."""

from collections.abc import Iterable

from consult.citing import Quoted
from consult.readmodel import Advice, AdviceOrder, AdviceStand
from referral.paper import words
from referral.paper.model import Box, Section, ticks

STATES = {
    "pending": "待执行",
    "read_back": "已复述",
    "executed": "已执行",
    "not_executed": "未执行",
}
STANDS = {"agrees": "联署", "dissents": "保留不同意见"}
RECOMMENDATIONS: words.Options = (
    ("in_place", "就地救治"),
    ("transfer", "转诊"),
    ("dispatch", "派专家组"),
)


def opinions(advice: Iterable[Advice]) -> list[Section]:
    """Everything that was signed, in the order of signing."""
    signed = sorted(
        (one for one in advice if one.signed_at is not None),
        key=lambda one: (str(one.signed_at), one.id),
    )
    return [_opinion(n, one) for n, one in enumerate(signed, 1)]


def _opinion(n: int, one: Advice) -> Section:
    orders = "\n".join(f"{order.n}. {order.text}（{_became(order)}）" for order in one.orders)
    others = [Box(STANDS[stand.stand], _stood(stand), 6) for stand in one.stands]
    return Section(
        f"会诊意见 {n}" + ("（补充）" if one.addendum_to else ""),
        (
            Box("会诊单位", words.place(one.facility), 3),
            Box("会诊医师（职称）", words.person(one.author), 3),
            Box("检查所见", one.findings or None, 6, 2),
            Box("意见", one.text, 6, 3),
            ticks("建议", RECOMMENDATIONS, one.recommendation),
            Box("依据", "\n".join(map(_quoted, one.cited)) or None, 6),
            Box("医嘱建议及执行情况", orders or None, 6, 2),
            Box("签署时间", words.moment(one.signed_at), 3),
            Box("签署摘要", (one.digest or "")[:16] or None, 3),
            *others,
        ),
        unverified=True,
    )


def _quoted(one: Quoted) -> str:
    until = "" if one.until is None else f"–{(words.moment(one.until) or '')[11:]}"
    hashes = (("SHA-256", one.sha256), ("标注 SHA-256", one.marks_sha256))
    told = [f"{name} {value[:16]}" for name, value in hashes if value is not None]
    return words.joined(f"{one.zh}（{words.moment(one.at)}{until}）", one.note, *told, by=" ") or ""


def _stood(one: AdviceStand) -> str | None:
    who = words.joined(words.place(one.facility), words.person(one.by), by=" ")
    return words.joined(f"{who} {words.moment(one.at)} {one.sha256[:16]}", one.words, by="\n")


def _became(order: AdviceOrder) -> str:
    state, who, at = STATES[order.state], words.person(order.by), words.moment(order.at)
    return words.joined(state, who, at, order.reason, by=" ") or ""
