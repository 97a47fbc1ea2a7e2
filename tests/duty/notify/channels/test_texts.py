"""Texts: whole in both languages, short enough for every medium, and about no patient."""

import tomllib
from pathlib import Path

import pytest

from duty.notify.channels import texts
from duty.notify.channels.channel import Purpose
from duty.notify.channels.texts import CHAT_BYTES, VARIABLE_CHARS, clipped, shortened, words
from tests.duty.notify.channels.messages import outgoing


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("purpose", list(Purpose))
def test_every_purpose_has_words_in_both_languages(purpose: Purpose, language: str) -> None:
    said = words(outgoing(purpose=purpose, language=language, code="482913"))
    assert said.title
    assert said.body
    assert "{" not in said.title + said.body + said.link
    assert said.version >= 1


def test_a_page_says_level_case_callback_and_where_to_answer() -> None:
    said = words(outgoing())
    assert said.text() == (
        "危急呼叫，病例YL-20261126-0001，请立即应答。回拨：19900005678。\n"
        "应答：https://yunshang.example.cn/duty"
    )
    assert said.variables == {
        "level": "危急",
        "case": "YL-20261126-0001",
        "callback": "19900005678",
        "code": "",
        "link": "duty",
    }


def test_no_text_has_a_place_for_a_person() -> None:
    table = tomllib.loads(Path(texts.__file__).with_name("texts.toml").read_text("utf-8"))
    for language in ("zh", "en"):
        for purpose in Purpose:
            for text in table[language][purpose].values():
                left = text
                for allowed in ("{level}", "{case}", "{callback}", "{code}", "{link}"):
                    left = left.replace(allowed, "")
                assert "{" not in left


@pytest.mark.parametrize("title", ["", "长" * 60, "A" * 60, "两\n行"])
def test_variables_fit_a_providers_template(title: str) -> None:
    for value in words(outgoing(title=title, callback="0" * 50)).variables.values():
        assert len(value) <= VARIABLE_CHARS
        assert "\n" not in value
    assert words(outgoing(title=title)).variables["case"]


def test_a_text_is_cut_between_characters_and_keeps_its_link() -> None:
    assert clipped("孕产妇", 7) == "孕产"
    assert clipped("孕", -1) == ""
    said = words(outgoing(link="https://example.cn/" + "p" * 40))
    short = said.text(100)
    assert len(short.encode()) <= 100
    assert short.endswith("p" * 40)
    assert len(said.text().encode()) <= CHAT_BYTES


def test_an_unknown_level_or_language_is_not_silence() -> None:
    said = words(outgoing(level="odd", language="fr"))
    assert "odd" in said.body
    assert shortened("x" * 36).endswith("…")
