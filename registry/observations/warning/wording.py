"""Conditions in words, from the conditions themselves. Pure."""

from typing import Literal

from kernel.predicates import AtLeast, Comparison, Not, Predicate
from registry.observations.catalogue import CATALOGUE

Language = Literal["zh", "en"]

_SIGNS = {"lt": "<", "le": "≤", "gt": ">", "ge": "≥"}
_WORDS: dict[Language, dict[str, str]] = {
    "zh": {"or": " 或 ", "and": " 且 ", "not": "非", "yes": "是", "no": "否"},
    "en": {"or": " or ", "and": " and ", "not": "not ", "yes": "yes", "no": "no"},
}


def condition(predicate: Predicate, language: Language) -> str:
    """E.g. `收缩压 <90 或 收缩压 >160 mmHg`."""
    match predicate:
        case Comparison():
            return _comparison(predicate, language)
        case AtLeast():
            return _several(predicate, language)
        case Not():
            return f"{_WORDS[language]['not']}({condition(predicate.part, language)})"
    raise TypeError(f"no words for {predicate!r}")


def _several(predicate: AtLeast, language: Language) -> str:
    words = _WORDS[language]
    between = {1: words["or"], len(predicate.parts): words["and"]}[predicate.wanted]
    ranged = _range(predicate, language)
    if ranged is not None:
        return ranged
    parts = [condition(part, language) for part in predicate.parts]
    grouped = [
        f"({text})"
        if isinstance(part, AtLeast)
        and between == words["and"]
        and " " in text
        and _range(part, language) is None
        else text
        for part, text in zip(predicate.parts, parts, strict=True)
    ]
    return between.join(grouped)


def _range(predicate: Predicate, language: Language) -> str | None:
    """Two bounds of one number as one range."""
    if not isinstance(predicate, AtLeast) or predicate.wanted != len(predicate.parts):
        return None
    bounds = [part for part in predicate.parts if isinstance(part, Comparison)]
    if len(bounds) != 2 or len(predicate.parts) != 2 or len({one.fact for one in bounds}) > 1:
        return None
    if {one.sign[0] for one in bounds} != {"g", "l"}:
        return None
    low, high = sorted(bounds, key=lambda one: one.sign[0] != "g")
    item = CATALOGUE.codes[low.fact]
    unit = CATALOGUE.shown(item.unit)
    name = item.zh if language == "zh" else item.en
    text = f"{name} {_SIGNS[low.sign]}{low.bound:g}, {_SIGNS[high.sign]}{high.bound:g} {unit}"
    return text.strip()


def _comparison(one: Comparison, language: Language) -> str:
    item, words = CATALOGUE.codes[one.fact], _WORDS[language]
    name = item.zh if language == "zh" else item.en
    if one.sign in _SIGNS:
        return f"{name} {_SIGNS[one.sign]}{one.bound:g} {CATALOGUE.shown(item.unit)}".strip()
    if isinstance(one.bound, bool):
        return f"{name} = {words['yes' if one.bound else 'no']}"
    wanted = one.bound if isinstance(one.bound, tuple) else (one.bound,)
    said = " / ".join(
        getattr(item.words[str(word)], language) if str(word) in item.words else str(word)
        for word in wanted
    )
    return f"{name} {'≠' if one.sign == 'ne' else '='} {said}"
