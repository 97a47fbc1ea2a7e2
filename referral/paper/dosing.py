"""What was given, as one paragraph: name, dose, route, time."""

from referral.paper import words
from referral.readmodel.dossier import Dossier, Treatment
from referral.rules.treatments import TREATMENTS

ROUTES = {
    "iv": "静注",
    "iv_drip": "静滴",
    "im": "肌注",
    "oral": "口服",
    "sublingual": "舌下",
    "rectal": "直肠给药",
    "myometrial": "宫体注射",
    "tracheal": "气管内",
    "mask": "面罩",
    "nasal": "经鼻",
}


def given(dossier: Dossier, baby: int) -> str | None:
    """Everything given to the mother (0) or to one child, in order; withdrawn entries left out."""
    found = sorted(
        (one for one in dossier.treatments if one.baby == baby and one.withdrawn is None),
        key=lambda one: one.given_at,
    )
    return "；".join(map(_line, found)) or None


def _line(one: Treatment) -> str:
    known = TREATMENTS.entries.get(one.code)
    name = one.code if known is None else known.zh
    dose = words.number(one.dose, one.unit or "")
    route = None if one.route is None else ROUTES.get(one.route, one.route)
    return words.joined(words.moment(one.given_at), name, dose, route, one.note, by=" ") or name
