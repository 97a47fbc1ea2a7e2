"""What happened in a synthetic case, as plain data: pure, seeded, the same on every machine."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from referral.commands.fields import Anaesthesia, Place
from server.demo.region import PLACES, Facility

Ending = Literal["transferred", "guided", "cancelled"]

CONDITIONS: dict[str, tuple[str, int]] = {
    # condition: usual acuity, how often (per hundred)
    "pph": ("resuscitation", 26),
    "severe_preeclampsia": ("critical", 24),
    "placental_abruption": ("resuscitation", 12),
    "placenta_previa": ("critical", 12),
    "eclampsia": ("resuscitation", 8),
    "placenta_accreta": ("critical", 8),
    "uterine_rupture": ("resuscitation", 10),
}
CAESAREAN = frozenset(
    {"placental_abruption", "placenta_previa", "placenta_accreta", "severe_preeclampsia"}
)
CITY_OF = {region.code: region.parent for region in PLACES.regions if region.level == "county"}


@dataclass(frozen=True, slots=True)
class Plot:
    """One case. Durations are those of the interval that ends with the named step."""

    number: int
    origin: str
    origin_login: str
    receiver: str
    receiver_login: str
    redirected_from: str | None
    condition: str
    acuity: str
    risk_colour: str
    age: int
    gestation_days: int
    postpartum: bool
    sent_at: datetime
    acknowledge: timedelta
    question: bool
    accept: timedelta
    commit: timedelta
    ready: timedelta
    depart: timedelta
    arrive: timedelta
    hand_over: timedelta
    urgency_class: int | None
    decision: timedelta
    incision: timedelta
    birth: timedelta
    close: timedelta
    ending: Ending

    @property
    def place(self) -> Place:
        """Where the decision for a caesarean fell."""
        return ("theatre", "delivery_room", "ward")[self.number % 3]

    @property
    def anaesthesia(self) -> Anaesthesia:
        """General where it was most urgent, else spinal or what lay already."""
        if self.urgency_class == 1 and self.number % 2:
            return "general"
        return "epidural_top_up" if self.number % 5 == 0 else "spinal"


def _minutes(rng: random.Random, median: float, spread: float) -> timedelta:
    """Log-normal: most are quick, a few take long, as on real wards."""
    return timedelta(minutes=rng.lognormvariate(0, spread) * median)


def _ending(number: int) -> Ending:
    """One in twelve is rescued where she is, one in twenty is called off."""
    if number % 12 == 5:
        return "guided"
    return "cancelled" if number % 20 == 9 else "transferred"


def _senders() -> list[Facility]:
    return [place for place in PLACES.facilities if place.staff == "county"]


def plots(now: datetime, days: int, per_day: float = 2.0) -> list[Plot]:
    """The closed cases of the last `days` days, oldest first; none is younger than 36 hours."""
    rng = random.Random(20261122)  # noqa: S311 - a story, not a secret
    found = []
    for number in range(round(days * per_day)):
        age_hours = 36 + (days * 24 - 36) * (1 - (number + rng.random()) / (days * per_day))
        found.append(_plot(rng, number, now - timedelta(hours=age_hours)))
    return found


def _plot(rng: random.Random, number: int, sent_at: datetime) -> Plot:
    origin = rng.choice(_senders())
    city = {"990100": "YJ001", "990200": "QH001", "990300": "LS001"}[CITY_OF[origin.region] or ""]
    names = list(CONDITIONS)
    condition = rng.choices(names, [CONDITIONS[name][1] for name in names])[0]
    redirected = rng.random() < 0.07
    receiver = "YL001" if redirected else city
    caesarean = condition in CAESAREAN and rng.random() < 0.8
    return Plot(
        number=number,
        origin=origin.code,
        origin_login=f"{origin.code.lower()}.doctor",
        receiver=receiver,
        receiver_login=f"{receiver.lower()}.{rng.choice(['expert', 'second'])}",
        redirected_from=city if redirected else None,
        condition=condition,
        acuity=CONDITIONS[condition][0],
        risk_colour=rng.choice(["orange", "red", "red"]),
        age=rng.randint(20, 41),
        gestation_days=rng.randint(30 * 7, 40 * 7),
        postpartum=condition == "pph",
        sent_at=sent_at,
        acknowledge=_minutes(rng, 1.6, 0.7),
        question=rng.random() < 0.15,
        accept=_minutes(rng, 4.5, 0.6),
        commit=_minutes(rng, 1.5, 0.5),
        ready=_minutes(rng, 8, 0.4),
        depart=_minutes(rng, 9, 0.5),
        arrive=_minutes(rng, 58, 0.35),
        hand_over=_minutes(rng, 7, 0.4),
        urgency_class=rng.choice([1, 1, 2]) if caesarean else None,
        decision=_minutes(rng, 12, 0.5),
        incision=_minutes(rng, 17, 0.4),
        birth=_minutes(rng, 5, 0.3),
        close=timedelta(hours=rng.uniform(4, 20)),
        ending=_ending(number),
    )
