"""A drill's report as A4 PDF: who, what, timings of the events, findings and what follows."""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from quality.actions.schemas import RecordActions
from quality.exercises.scenarios import KNOWN
from quality.exercises.schemas import ExerciseDetail, IntervalOut
from quality.returns.paper import plain
from referral.paper.press import printed
from registry.facilities.rules import CHINA

TEMPLATE = Path(__file__).with_name("exercise.typ")
KINDS = {"emergency": "快速反应团队急救演练", "skills": "专项技能培训演练"}
STATES = {
    "planned": "已计划", "running": "进行中", "over": "已结束，待复盘", "debriefed": "已复盘",
    "cancelled": "已取消",
}  # fmt: skip
ACTION_STATES = {
    "open": "待办",
    "done": "已完成，待核查",
    "verified": "已核查",
    "dropped": "已取消",
}


def report_of(found: ExerciseDetail, actions: RecordActions, fonts: Path, at: datetime) -> bytes:
    """The PDF; what is not debriefed yet says so.

    Raises:
        TypefaceMissing: the web bundle, and the typeface with it, has not been built.
    """
    said = msgspec.json.encode(plain(said_of(found, actions))).decode()
    return printed(TEMPLATE, fonts, {"document": said}, found.debriefed_at or at)


def said_of(found: ExerciseDetail, actions: RecordActions) -> dict[str, Any]:
    """What paper and file say of a drill, in words."""
    one, timings = found.exercise, found.timings
    return {
        "title": f"{KINDS[one.kind]}报告",
        "name": one.title,
        "house": one.facility.short_name if one.facility is not None else "",
        "scenario": KNOWN[one.scenario].zh if one.scenario in KNOWN else one.scenario,
        "state": STATES[one.state],
        "final": one.state == "debriefed",
        "planned": _moment(one.planned_at),
        "begun": _moment(one.begun_at),
        "ended": _moment(one.ended_at),
        "people": [
            [who.name, who.post, "" if who.passed is None else "合格" if who.passed else "不合格"]
            for who in found.people
        ],
        "milestones": [
            [one.zh, _moment(one.at), _span(one.after_s), "补录" if one.late else ""]
            for one in (timings.milestones if timings is not None else [])
        ],
        "intervals": [
            [one.zh, _span(one.elapsed_s), _target(one), _met(one)]
            for one in (timings.intervals if timings is not None else [])
        ],
        "debrief": found.debrief or "",
        "debriefed": (
            f"{found.debriefed_by.name if found.debriefed_by else '–'}"
            f" {_moment(found.debriefed_at)}"
            if found.debriefed_at is not None
            else ""
        ),
        "actions": [
            [
                one.what,
                one.owner.name if one.owner is not None else "–",
                one.due_on.isoformat(),
                ACTION_STATES[one.state],
                one.evidence or "",
            ]
            for one in actions.actions
        ],
    }


def _moment(at: datetime | None) -> str:
    return "–" if at is None else f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "未停止"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} 分 {rest:02d} 秒"


def _target(one: IntervalOut) -> str:
    if one.target_s is None:
        return "–"
    return f"{one.target_s / 60:g} 分" + ("（待核实）" if one.to_be_verified else "")


def _met(one: IntervalOut) -> str:
    return "–" if one.met is None else "达到" if one.met else "未达到"
