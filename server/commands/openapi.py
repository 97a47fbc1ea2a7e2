"""`yunshang openapi`: the API's description without a database."""

import tempfile
from pathlib import Path
from typing import Any

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
        return dict(create_app(settings).openapi_schema.to_schema())
