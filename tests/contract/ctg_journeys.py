"""Ways through alarms on tracings and their readings; see `journeys`."""

from realtime.alarms.limits import BOUNDS
from realtime.readings.limits.rules import BOUNDS as READING_BOUNDS
from tests.contract.steps import Step, post

PASSWORD = "Correct-Horse-7"
ALARM_LIMITS = {name: least for name, (least, _most) in BOUNDS.items()}
"""The tightest that a unit may choose."""
READING_LIMITS = {name: least for name, (least, _most) in READING_BOUNDS.items()}

READ_SECONDS = {"recording_id": "the read tracing", "from_seq": 1, "to_seq": 10}
READ_FINDINGS = {
    "baseline_bpm": 140,
    "variability": "moderate",
    "accelerations": "present",
    "decelerations": ["late"],
    "standard": "none",
}
SIGNED_READING = {
    "password": PASSWORD,
    "report": {
        "findings": READ_FINDINGS,
        "conclusion": "x",
        "recommendation": "x",
        "cited": [{"from_seq": 1, "to_seq": 9}],
    },
}
ADDED_WORDS = {
    "password": PASSWORD,
    "addendum": {"text": "x", "follow_up_at": "2026-11-28T00:00:00Z"},
}

TRACINGS: dict[str, tuple[Step, ...]] = {
    "an alarm answered": (
        post("county_doctor", "/ctg/alarms/{alarm_id}/silence", version=1, reason="attending"),
        post("county_doctor", "/ctg/alarms/{alarm_id}/acknowledge", version=2, reason="attending"),
        post("coordinator", "/ctg/alarm-limits", limits=ALARM_LIMITS),
    ),
    "a tracing read": (
        post("coordinator", "/ctg/reading-limits", limits=READING_LIMITS),
        post("county_doctor", "/ctg/readings", reader_facility_id="city", **READ_SECONDS),
        post("city_expert", "/ctg/readings/{reading_id}/claim", version=1),
        post("city_expert", "/ctg/readings/{reading_id}/release", version=2),
        post("city_expert", "/ctg/readings/{reading_id}/claim", version=3),
        post("city_expert", "/ctg/readings/{reading_id}/look"),
        post("city_expert", "/ctg/readings/{reading_id}/sign", version=4, **SIGNED_READING),
        post("county_doctor", "/ctg/readings/{reading_id}/receive", version=5),
        post("city_expert", "/ctg/readings/{reading_id}/addenda", version=6, **ADDED_WORDS),
        post("county_doctor", "/ctg/readings/{reading_id}/withdraw", (409,), version=7),
        post("county_doctor", "/ctg/readings/{reading_id}/receive", version=7),
        post("county_doctor", "/ctg/readings/{reading_id}/follow-up", version=8),
    ),
}
