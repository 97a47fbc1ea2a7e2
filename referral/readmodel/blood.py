"""Blood orders as shown to those who treat and to those who issue."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from referral.commands.on_blood import Product, Urgency
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef

BloodState = Literal["requested", "issued", "on_the_way", "arrived", "cancelled"]
BloodAction = Literal["issue", "depart", "arrive", "cancel"]


class BloodOrder(msgspec.Struct, kw_only=True, frozen=True):
    """One order with its clock; `case_id` is empty for whoever issues and is no party to it."""

    id: UUID
    case_id: UUID | None
    case_number: str
    drill: bool
    bank: FacilityRef
    bedside: FacilityRef
    product: Product
    subkey: str
    units: int
    urgency: Urgency
    state: BloodState
    note: str | None
    requested_at: datetime
    requested_by: PersonRef | None
    issued_at: datetime | None
    issued_by: PersonRef | None
    issued_units: int | None
    issued_subkey: str | None
    departed_at: datetime | None
    departed_by: PersonRef | None
    arrived_at: datetime | None
    arrived_by: PersonRef | None
    cancelled_at: datetime | None
    cancelled_by: PersonRef | None
    allowed: list[BloodAction]


class BloodOrders(msgspec.Struct, kw_only=True, frozen=True):
    """Orders, those that wait first."""

    orders: list[BloodOrder]
    server_time: datetime
