"""Every refusal has a text in both languages that says what to do next."""

import pytest

import server.routes  # noqa: F401 - importing the routers defines every refusal
from kernel.errors import Refusal
from server.problems import CATALOGUE

CODES = sorted(Refusal.registry)


@pytest.mark.parametrize("code", CODES)
def test_refusal_is_explained_in_both_languages(code: str) -> None:
    zh, en = CATALOGUE.say(code, {})
    assert any("\u4e00" <= letter <= "\u9fff" for letter in zh.title + zh.detail)
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in en.title + en.detail)
    assert len(zh.detail) > 10
    assert len(en.detail) > 20


def test_there_are_refusals_to_check() -> None:
    assert "kernel.version_stale" in CODES
    assert len(CODES) > 20
