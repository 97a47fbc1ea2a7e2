"""Tables of people, accounts and logins."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class Person(Base):
    """Somebody who works in the region; the phone is sealed."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    name: Mapped[str]
    title: Mapped[str]
    specialty: Mapped[str]
    phone_sealed: Mapped[bytes | None]
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Account(Base):
    """A person's way in."""

    __tablename__ = "account"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    login: Mapped[str]
    password_hash: Mapped[str]
    must_change: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class RoleGrant(Base):
    """A role at a facility or for a region, for a time."""

    __tablename__ = "role_grant"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    role: Mapped[str]
    facility_id: Mapped[UUID | None] = mapped_column(ForeignKey("facility.id"))
    region_id: Mapped[UUID | None] = mapped_column(ForeignKey("region.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)


class LoginSession(Base):
    """A login on one device; only the token's SHA-256 is kept."""

    __tablename__ = "login_session"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    address: Mapped[str]
    user_agent: Mapped[str]


class SecurityEvent(Base):
    """Append-only: logins, refusals, changes of accounts."""

    __tablename__ = "security_event"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    kind: Mapped[str]
    ok: Mapped[bool]
    actor_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    address: Mapped[str] = mapped_column(default="")
