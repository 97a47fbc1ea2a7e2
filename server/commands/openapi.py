"""`yunshang openapi`: the API's description without a database."""

import tempfile
from pathlib import Path
from typing import Any

from litestar.serialization import decode_json, encode_json

from server.settings import Settings


def document() -> dict[str, Any]:
    """The OpenAPI document of the application as composed."""
    from server.app import create_app

    # Nothing connects until the first request, so the address may lead nowhere.
    with tempfile.TemporaryDirectory() as nowhere:
        settings = Settings(
            database_url="postgresql://nobody@/none?host=/nonexistent",
            data_dir=Path(nowhere),
            demo=True,
        )
        schema = create_app(settings).openapi_schema.to_schema()
        # Defaults may be structs: the same encoder as for answers.
        return dict(decode_json(encode_json(schema)))
