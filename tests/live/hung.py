"""A company that takes every call and never says a word, beside telephones that work.

Its port listens and nobody accepts: connections open, and not even a handshake is answered.
"""

import socket
from dataclasses import replace
from pathlib import Path
from typing import Self
from uuid import uuid4

from sqlalchemy import text

from duty.notify.posting import ADDRESS_FIELD
from kernel.ids import PersonId
from kernel.sealing import Sealer
from server.settings import Settings
from tests.live.town import SEEDER, Town

CHANNEL = "sms"
BACKLOG = 4_096
NUMBER = "19900001234"
_POINT = text(
    "INSERT INTO contact_point (id, channel, person_id, label, address_sealed, address_index,"
    " created_by, created_at, verified_at)"
    " VALUES (:id, :channel, :person, 'x', :address, :index, :person, now(), now())"
)
CONTRACT = """\
[sms]
order = ["aliyun"]

[sms.aliyun]
access_key_id = "LTAI-hung"
access_key_secret = "an access key secret"
sign_name = "云上妇幼"
base_url = "https://127.0.0.1:{port}"

[sms.aliyun.templates]
page = "T_page"

[channels.sms]
timeout_s = {timeout_s}
"""


class HungCompany:
    """The SMS company of a test."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up on everybody."""
        self._socket.close()

    def contracted(self, settings: Settings, place: Path, timeout_s: float = 3) -> Settings:
        """The same installation with a contract for SMS, given up on after `timeout_s`."""
        file = place / "providers.toml"
        port = self._socket.getsockname()[1]
        file.write_text(CONTRACT.format(port=port, timeout_s=timeout_s))
        file.chmod(0o600)
        return replace(settings, providers_file=file)


async def add_points(town: Town, people: list[PersonId]) -> None:
    """A verified SMS number for each of these people, beside the phone that they have."""
    sealer = Sealer(town.master)
    sealed = {
        "channel": CHANNEL,
        "address": sealer.seal(NUMBER, ADDRESS_FIELD),
        "index": sealer.blind_index(NUMBER, f"{ADDRESS_FIELD}/{CHANNEL}"),
    }
    async with town.clone.system.session(SEEDER) as session:
        for person in people:
            await session.execute(_POINT, sealed | {"id": uuid4(), "person": person})
