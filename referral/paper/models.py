"""Documents as they were issued; append-only."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class IssuedDocumentRow(Base):
    """One paper: what it said, byte for byte (sealed), and where the case's chain stood."""

    __tablename__ = "issued_document"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    kind: Mapped[str]
    code: Mapped[str]
    content_hash: Mapped[bytes]
    pdf_hash: Mapped[bytes]
    pdf_sealed: Mapped[bytes]
    head_seq: Mapped[int]
    head_hash: Mapped[bytes]
    event_seq: Mapped[int]
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    issued_by: Mapped[UUID]
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    drill: Mapped[bool]
    demo: Mapped[bool]
