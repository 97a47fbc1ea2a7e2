"""DICOMweb over the scans of one case's woman."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from consult.imaging import looking
from consult.imaging.dicomweb.attributes import Attributes, instance, series, stored, study
from consult.imaging.dicomweb.searching import Search
from consult.imaging.errors import TooManyAtOnce
from consult.imaging.parse import Summary
from consult.imaging.queries import summary_of
from consult.imaging.repository import ScanRepository
from consult.imaging.states import StudyState
from consult.imaging.taking import Desk, woman_of
from consult.imaging.unpacking import outcome
from kernel.errors import NotFound
from kernel.ids import PregnancyId
from kernel.viewer import Viewer

MOST_FILES: Final = 64
"""Files that one retrieval opens; a study with more is retrieved by series or instance."""

# Failure reasons (PS3.18 table 10.5.3-2 by PS3.4 annex B): another file has the UID; unreadable.
TAKEN, CANNOT_UNDERSTAND = 0x0111, 0xC000

Held = tuple[UUID, Summary]


async def store(
    desk: Desk, viewer: Viewer, case_id: UUID, root: str, contents: Iterable[bytes]
) -> tuple[Attributes, int, int]:
    """Take files into the case as uploads are; the answer, how many are in, how many are not.

    Raises:
        NotFound: the case is not open to the viewer.
    """
    kept: list[UUID] = []
    refused: list[int] = []
    for n, content in enumerate(contents, 1):

        async def read(content: bytes = content) -> bytes:
            return content

        done = await outcome(desk, viewer, case_id, str(n), read, deidentify=False)
        if done.instance_id is not None:
            kept.append(done.instance_id)
        else:
            taken = done.why is not None and done.why.code == "uid_taken"
            refused.append(TAKEN if taken else CANNOT_UNDERSTAND)
    async with desk.database.session(viewer) as session:
        repository = ScanRepository(session, viewer)
        rows = [(await repository.instance(one))[0] for one in kept]
    return stored(root, [summary_of(row) for row in rows], refused), len(kept), len(refused)


async def filed(desk: Desk, viewer: Viewer, case_id: UUID) -> list[Held]:
    """Files of every study of hers that was filed.

    Raises:
        NotFound: the case is not open to the viewer.
    """
    async with desk.database.session(viewer) as session:
        hers = await woman_of(session, viewer, case_id)
        repository = ScanRepository(session, viewer)
        studies = await repository.of(PregnancyId(hers[0].id))
        good = [one.id for one in studies if one.state == StudyState.FILED]
        return [(row.id, summary_of(row)) for row in await repository.instances(good)]


def studies(root: str, files: Sequence[Held], asked: Search) -> list[Attributes]:
    """Studies with a file that meets the search, whole."""
    uids = {one.study_uid for _, one in files if asked.matches(one)}
    groups = _grouped(files, "study_uid")
    found = [study(root, group) for uid, group in groups.items() if uid in uids]
    return found[asked.offset : asked.offset + asked.limit]


def all_series(root: str, files: Sequence[Held], asked: Search) -> list[Attributes]:
    """Series with a file that meets the search, whole."""
    uids = {one.series_uid for _, one in files if asked.matches(one)}
    groups = _grouped(files, "series_uid")
    found = [series(root, group) for uid, group in groups.items() if uid in uids]
    return found[asked.offset : asked.offset + asked.limit]


def instances(root: str, files: Sequence[Held], asked: Search) -> list[Attributes]:
    """Files that meet the search."""
    found = [instance(root, one) for _, one in files if asked.matches(one)]
    return found[asked.offset : asked.offset + asked.limit]


def within(files: Sequence[Held], *uids: str) -> list[Held]:
    """Files of a study, of one of its series, or one of its files.

    Raises:
        NotFound: there is none.
    """
    names = ("study_uid", "series_uid", "sop_uid")
    found = [
        (id_, one)
        for id_, one in files
        if all(getattr(one, name) == uid for name, uid in zip(names, uids, strict=False))
    ]
    if not found:
        raise NotFound()
    return found


async def originals(desk: Desk, viewer: Viewer, files: Sequence[Held]) -> list[bytes]:
    """The files as they are kept; each look is logged.

    Raises:
        TooManyAtOnce: ask for less. Fields: most.
    """
    if len(files) > MOST_FILES:
        raise TooManyAtOnce(most=MOST_FILES)
    return [(await looking.original(desk, viewer, id_))[1] for id_, _ in files]


async def metadata(desk: Desk, viewer: Viewer, files: Sequence[Held]) -> bytes:
    """DICOM JSON of files, without bulk data."""
    found = [await desk.box.metadata(one) for one in await originals(desk, viewer, files)]
    return b"[" + b",".join(found) + b"]"


def _grouped(files: Sequence[Held], name: str) -> dict[str, list[Summary]]:
    groups: dict[str, list[Summary]] = {}
    for _, one in files:
        groups.setdefault(getattr(one, name), []).append(one)
    return groups
