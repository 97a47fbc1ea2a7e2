"""Every refusal has a text in both languages that says what to do next."""

import ast
from collections.abc import Iterator

import pytest

import server.routes  # noqa: F401 - importing the routers defines every refusal
from kernel.errors import Refusal
from server.problems import CATALOGUE, PACKAGES, ROOT

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


def _given(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The refusals that a file raises with a reason in quotes: class and reason."""
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            continue
        for keyword in call.keywords:
            said = keyword.value
            if keyword.arg == "reason" and isinstance(said, ast.Constant):
                yield call.func.id, str(said.value)


def test_a_reason_in_the_text_is_said_in_words() -> None:
    codes = {kind.__name__: code for code, kind in Refusal.registry.items()}
    given = {
        (codes[name], reason)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for name, reason in _given(ast.parse(path.read_text("utf-8")))
        if codes.get(name, "").startswith(("kernel.not_allowed", "duty."))
    }
    assert len(given) > 15
    assert given - CATALOGUE.reasons.keys() == set()


def test_what_follows_a_colon_is_kept_and_an_unknown_reason_stands_as_it_is() -> None:
    zh, en = CATALOGUE.say("kernel.not_allowed", {"reason": "own_change:7"})
    assert "本人参与的变更须由他人审批:7" in zh.detail
    assert "somebody else decides a change of your own:7" in en.detail
    assert "brand_new" in CATALOGUE.say("kernel.not_allowed", {"reason": "brand_new"})[0].detail
