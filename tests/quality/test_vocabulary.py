"""The vocabulary is closed: what is not in it is refused, SQL first of all."""

import json
from typing import Any

import msgspec
import pytest

from quality.vocabulary import Measure

GOOD: list[dict[str, Any]] = [
    {"kind": "count", "of": "cases"},
    {"kind": "count", "of": "consults", "where": [{"field": "held", "one_of": [True]}]},
    {"kind": "share", "of": "cases", "met": [{"reached": "accepted"}]},
    {
        "kind": "share",
        "of": "cases",
        "where": [{"field": "acuity", "one_of": ["critical", "resuscitation"]}],
        "met": [{"reached": "birth", "after": "decision_for_cs", "within_s": 1800}],
        "place": "receiver",
    },
    {
        "kind": "share",
        "of": "districts",
        "met": [{"field": "has_maternal_centre", "one_of": [True]}],
    },
    {"kind": "elsewhere", "awaits": {"zh": "年报", "en": "annual returns"}},
    {
        "kind": "rate",
        "of": "annual_returns",
        "top": "deaths",
        "bottom": "live_births",
        "where": [{"field": "this_year", "one_of": [True]}],
    },
    {"kind": "count", "of": "reviews", "where": [{"field": "kind", "one_of": ["near_miss"]}]},
]
BAD: list[dict[str, Any]] = [
    {"kind": "sql", "text": "SELECT 1"},
    {"kind": "count", "of": "pg_user"},
    {"kind": "count", "of": "cases", "where": "true"},
    {"kind": "count", "of": "cases", "where": [{"field": "1=1; --", "one_of": ["x"]}]},
    {"kind": "count", "of": "cases", "where": [{"reached": "x'; DROP TABLE region; --"}]},
    {"kind": "count", "of": "cases", "where": [{"field": "acuity", "one_of": []}]},
    {"kind": "count", "of": "cases", "where": [{"field": "acuity", "one_of": [1]}]},
    {"kind": "count", "of": "guidance", "where": [{"field": "in_area", "one_of": [1]}]},
    {"kind": "count", "of": "guidance", "where": [{"field": "acuity", "one_of": ["critical"]}]},
    {"kind": "count", "of": "guidance", "where": [{"reached": "accepted"}]},
    {"kind": "count", "of": "cases", "where": [{"reached": "birth", "within_s": 5}]},
    {"kind": "count", "of": "cases", "where": [{"reached": "birth", "after": "accepted"}]},
    {
        "kind": "count",
        "of": "cases",
        "where": [{"reached": "birth", "after": "accepted", "within_s": -1}],
    },
    {"kind": "count", "of": "cases", "where": [{"reached": "birth", "field": "acuity"}]},
    {"kind": "count", "of": "cases", "where": [{"reached": "accepted"}] * 9},
    {"kind": "share", "of": "cases", "met": []},
    {"kind": "interval", "clock": {"set": "referral", "version": 1, "interval": "none"}},
    {"kind": "elsewhere", "awaits": {"zh": "年报", "en": "returns"}, "of": "cases"},
    {"kind": "rate", "of": "cases", "top": "deaths", "bottom": "live_births"},
    {"kind": "rate", "of": "annual_returns", "top": "deaths", "bottom": "deaths"},
    {"kind": "rate", "of": "annual_returns", "top": "1; --", "bottom": "live_births"},
    {"kind": "rate", "of": "annual_returns", "top": "deaths", "bottom": "residence"},
    {"kind": "count", "of": "reviews", "where": [{"field": "summary", "one_of": ["x"]}]},
]


@pytest.mark.parametrize("said", GOOD)
def test_what_the_vocabulary_says_is_read(said: dict[str, Any]) -> None:
    measure = msgspec.convert(said, Measure)
    assert msgspec.convert(msgspec.to_builtins(measure), Measure) == measure


@pytest.mark.parametrize("said", BAD, ids=lambda said: json.dumps(said)[:60])
def test_anything_else_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises((msgspec.ValidationError, ValueError)):
        msgspec.convert(said, Measure)
