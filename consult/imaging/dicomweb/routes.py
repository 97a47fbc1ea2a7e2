"""HTTP of DICOMweb, below `/cases/{case_id}/dicomweb`: STOW-RS, QIDO-RS, WADO-RS."""

from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import msgspec
from litestar import Request, Response, get, post

from consult.imaging import looking
from consult.imaging.dicomweb import service
from consult.imaging.dicomweb.attributes import Attributes
from consult.imaging.dicomweb.multipart import boundary_of, joined, parts
from consult.imaging.dicomweb.searching import Search, search
from consult.imaging.intake import Intake, gathered
from consult.imaging.parse.limits import FILE_BYTES
from consult.imaging.taking import Desk
from kernel.access import CLINICAL, OPT
from kernel.viewer import Viewer

ROOT: Final = "/cases/{case_id:uuid}/dicomweb/studies"
STUDY: Final = ROOT + "/{study_uid:str}"
SERIES: Final = STUDY + "/series/{series_uid:str}"
INSTANCE: Final = SERIES + "/instances/{sop_uid:str}"
JSON: Final = "application/dicom+json"
RELATED: Final = frozenset({"multipart/related"})
SEALED: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

Asked = Request[Any, Any, Any]


@post(
    ROOT,
    opt={OPT: CLINICAL, "content": RELATED, "streamed": True},
    request_max_body_size=FILE_BYTES + 1,
    status_code=200,
)
async def store_instances(
    case_id: UUID, request: Asked, desk: Desk, intake: Intake, viewer: Viewer
) -> Response[bytes]:
    """Keep the DICOM files of a multipart/related body, together at most 128 MB.

    200: all are in; 202: some; 409: none. What was refused says why by a DICOM failure reason.
    """
    await service.filed(desk, viewer, case_id)  # a stranger is refused before anything is read
    boundary = boundary_of(request.headers.get("content-type", ""))
    said = request.headers.get("content-length", "")
    size = int(said) if said.isascii() and said.isdigit() else FILE_BYTES
    with intake.room(viewer.person_id, size):
        body = await gathered(request.stream(), FILE_BYTES)
        answer, kept, refused = await service.store(
            desk, viewer, case_id, _root(request, case_id), list(parts(body, boundary))
        )
    status = 200 if not refused else 202 if kept else 409
    return _json(answer, status)


@get(ROOT, opt={OPT: CLINICAL})
async def search_studies(
    case_id: UUID, request: Asked, desk: Desk, viewer: Viewer
) -> Response[bytes]:
    """Studies of the case's woman that were filed."""
    files = await service.filed(desk, viewer, case_id)
    return _json(service.studies(_root(request, case_id), files, _search(request)))


@get(STUDY + "/series", opt={OPT: CLINICAL})
async def search_series(
    case_id: UUID, study_uid: str, request: Asked, desk: Desk, viewer: Viewer
) -> Response[bytes]:
    """Series of a study."""
    files = service.within(await service.filed(desk, viewer, case_id), study_uid)
    return _json(service.all_series(_root(request, case_id), files, _search(request)))


@get([STUDY + "/instances", SERIES + "/instances"], opt={OPT: CLINICAL})
async def search_instances(
    case_id: UUID,
    study_uid: str,
    request: Asked,
    desk: Desk,
    viewer: Viewer,
    series_uid: str | None = None,
) -> Response[bytes]:
    """Files of a study, or of one of its series."""
    uids = (study_uid,) if series_uid is None else (study_uid, series_uid)
    files = service.within(await service.filed(desk, viewer, case_id), *uids)
    return _json(service.instances(_root(request, case_id), files, _search(request)))


@get([STUDY + "/metadata", SERIES + "/metadata", INSTANCE + "/metadata"], opt={OPT: CLINICAL})
async def retrieve_metadata(
    case_id: UUID,
    study_uid: str,
    desk: Desk,
    viewer: Viewer,
    series_uid: str | None = None,
    sop_uid: str | None = None,
) -> Response[bytes]:
    """Attributes without pictures; at most 64 files at a time."""
    uids = [one for one in (study_uid, series_uid, sop_uid) if one is not None]
    files = service.within(await service.filed(desk, viewer, case_id), *uids)
    body = await service.metadata(desk, viewer, files)
    return Response(body, media_type=JSON, headers=SEALED)


@get([STUDY, SERIES, INSTANCE], opt={OPT: CLINICAL})
async def retrieve_instances(
    case_id: UUID,
    study_uid: str,
    desk: Desk,
    viewer: Viewer,
    series_uid: str | None = None,
    sop_uid: str | None = None,
) -> Response[bytes]:
    """The files as they are kept, multipart/related; at most 64 at a time."""
    uids = [one for one in (study_uid, series_uid, sop_uid) if one is not None]
    files = service.within(await service.filed(desk, viewer, case_id), *uids)
    boundary = uuid4().hex
    body = joined(await service.originals(desk, viewer, files), boundary)
    kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
    return Response(body, media_type=kind, headers=SEALED)


@get(INSTANCE + "/rendered", opt={OPT: CLINICAL})
async def retrieve_rendered(
    case_id: UUID, study_uid: str, series_uid: str, sop_uid: str, desk: Desk, viewer: Viewer
) -> Response[bytes]:
    """The first frame as a PNG in its own window."""
    held = await service.filed(desk, viewer, case_id)
    ((instance_id, _), *_) = service.within(held, study_uid, series_uid, sop_uid)
    png = await looking.rendered(desk, viewer, instance_id, 0, 0)
    return Response(png, media_type="image/png", headers=SEALED)


def _root(request: Asked, case_id: UUID) -> str:
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host}/api/cases/{case_id}/dicomweb"


def _search(request: Asked) -> Search:
    query = request.scope["query_string"].decode("ascii", "replace")
    return search(parse_qs(query, keep_blank_values=True, max_num_fields=50))


def _json(answer: Attributes | list[Attributes], status: int = 200) -> Response[bytes]:
    body = msgspec.json.encode(answer)
    return Response(body, status_code=status, media_type=JSON, headers=SEALED)


HANDLERS = [
    store_instances,
    search_studies,
    search_series,
    search_instances,
    retrieve_metadata,
    retrieve_instances,
    retrieve_rendered,
]
