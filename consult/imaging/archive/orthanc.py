"""An Orthanc as archive, over its REST API (https://orthanc.uclouvain.be/book/users/rest.html).

It keeps one file for each UID, answers "stored" to another one under it and keeps the first (seen
with 1.10.1), refuses truncated files, and may be away. None of that may lose a scan or turn one
into another: what it gives back is compared, and what it does not hold byte for byte lies in the
sealed folder, where a read looks first. So an installation that changes to Orthanc keeps showing
what it had, and one whose Orthanc is down goes on taking in.
"""

from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final

import httpx
import structlog

from consult.imaging.archive.keeping import ArchiveAway
from consult.imaging.archive.sealed import SealedFolder
from kernel.blobs import BlobLost

log = structlog.get_logger()

PATIENCE: Final = httpx.Timeout(20.0, connect=2.0)
"""Seconds; a clip of a hundred megabytes takes a few."""


class Orthanc:
    """An Orthanc that belongs to this platform; nobody else reaches it or writes to it.

    Args:
        url: of its REST API.
        user: registered there, with `password`.
        aside: where what Orthanc does not keep lies.
    """

    def __init__(self, url: str, user: str, password: str, aside: SealedFolder) -> None:
        self._aside = aside
        self._client = httpx.Client(
            base_url=url, auth=(user, password), timeout=PATIENCE, trust_env=False
        )

    def put(self, sop_uid: str, content: bytes) -> bytes:
        """See `Archive`."""
        digest = sha256(content).digest()
        try:
            why = self._not_kept(sop_uid, content, digest)
        except ArchiveAway:
            why = "away"
        if why:
            log.warning("imaging.kept_aside", why=why)
            self._aside.put(sop_uid, content)
        return digest

    def get(self, sop_uid: str, digest: bytes) -> bytes:
        """See `Archive`."""
        try:
            return self._aside.get(sop_uid, digest)
        except BlobLost:
            for one in self._under(sop_uid):
                content = self._file(one)
                if content is not None and sha256(content).digest() == digest:
                    return content
            raise

    def close(self) -> None:
        """Its connections' end."""
        self._client.close()

    def _not_kept(self, sop_uid: str, content: bytes, digest: bytes) -> str:
        """Why it is not there as it is; empty when it is."""
        there = self._under(sop_uid)
        if not there:
            answer = self._ask("POST", "/instances", content=content)
            if answer.status_code != HTTPStatus.OK:
                return f"refused {answer.status_code}"
            there = [str(answer.json()["ID"])]
        # Never sent where another file stands: with OverwriteInstances it would take its place.
        files = (self._file(one) for one in there)
        if any(one is not None and sha256(one).digest() == digest for one in files):
            return ""
        return "another stands there"

    def _under(self, sop_uid: str) -> list[str]:
        """Orthanc's names of what it has under a UID: one for each patient, study and series."""
        answer = self._ask("POST", "/tools/lookup", content=sop_uid.encode())
        if answer.status_code != HTTPStatus.OK:
            raise ArchiveAway()
        found: list[dict[str, Any]] = answer.json()
        return [str(one["ID"]) for one in found if one["Type"] == "Instance"]

    def _file(self, name: str) -> bytes | None:
        answer = self._ask("GET", f"/instances/{name}/file")
        return answer.content if answer.status_code == HTTPStatus.OK else None

    def _ask(self, method: str, path: str, *, content: bytes | None = None) -> httpx.Response:
        """One request.

        Raises:
            ArchiveAway: no answer, or that of an Orthanc in trouble or one that does not know us.
        """
        try:
            answer = self._client.request(method, path, content=content)
        except httpx.HTTPError as error:
            raise ArchiveAway() from error
        troubled = answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        if troubled or answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            log.error("imaging.archive_away", status=answer.status_code)
            raise ArchiveAway()
        return answer
