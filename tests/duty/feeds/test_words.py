"""The words of sheets and calendars are those of the pages."""

import json
from pathlib import Path

from duty.feeds import words

PAGES = Path(__file__).parents[3] / "web/src/locales/zh-CN/duty.json"


def test_sheets_and_pages_say_the_same() -> None:
    said = json.loads(PAGES.read_text("utf-8"))
    assert {str(tier): word for tier, word in words.TIERS.items()} == said["tier"]
    assert said["specialty"] == words.SPECIALTIES


def test_an_unknown_specialty_stays_readable() -> None:
    assert words.post("first", "obstetrics") == "一线 产科"
    assert words.post("lead", "cardiology") == "组长 cardiology"
