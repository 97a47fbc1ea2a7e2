"""Files that readers take away: what their answers say beside the bytes."""

import re
from typing import Final
from urllib.parse import quote

EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF: Final = "application/pdf"

# Whatever else a name holds is written as RFC 8187 writes it, so that no name can end the header.
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+")


def to_save(name: str) -> dict[str, str]:
    """Headers of a file that the browser saves under `name` (RFC 6266), kept by no cache."""
    return _headers("attachment", name)


def to_show(name: str) -> dict[str, str]:
    """Headers of a file that the browser shows; `name` is what saving it proposes."""
    return _headers("inline", name)


def _headers(disposition: str, name: str) -> dict[str, str]:
    if _PLAIN.fullmatch(name):
        said = f'filename="{name}"'
    else:
        said = f"filename*=UTF-8''{quote(name, safe='')}"
    return {
        "content-disposition": f"{disposition}; {said}",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
