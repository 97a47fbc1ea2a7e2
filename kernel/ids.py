"""Identifiers are types: a `CaseId` never passes for an `OfferId`.

All are UUIDv7 (RFC 9562 §5.7), so they sort by creation without a shared sequence and reveal
nothing about how many rows exist.
"""

from typing import NewType
from uuid import UUID

from uuid_utils.compat import uuid7

RegionId = NewType("RegionId", UUID)
FacilityId = NewType("FacilityId", UUID)
UnitId = NewType("UnitId", UUID)
PersonId = NewType("PersonId", UUID)
AccountId = NewType("AccountId", UUID)
SessionId = NewType("SessionId", UUID)
PatientId = NewType("PatientId", UUID)
PregnancyId = NewType("PregnancyId", UUID)
NewbornId = NewType("NewbornId", UUID)
CaseId = NewType("CaseId", UUID)
OfferId = NewType("OfferId", UUID)
LegId = NewType("LegId", UUID)
HoldId = NewType("HoldId", UUID)
PageId = NewType("PageId", UUID)
GroupId = NewType("GroupId", UUID)
SlotId = NewType("SlotId", UUID)
ShiftId = NewType("ShiftId", UUID)
ChangeId = NewType("ChangeId", UUID)
HandoverId = NewType("HandoverId", UUID)
RecordingId = NewType("RecordingId", UUID)
DeviceId = NewType("DeviceId", UUID)
AdviceId = NewType("AdviceId", UUID)
OutboxId = NewType("OutboxId", UUID)


def new_id() -> UUID:
    """A fresh UUIDv7; wrap it in the type it stands for."""
    return uuid7()
