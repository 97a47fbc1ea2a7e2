"""A ward with a published roster."""

import pytest

from tests.duty.changes.ward import Ward, open_ward
from tests.duty.region import Region


@pytest.fixture
async def ward(region: Region) -> Ward:
    """Two colleagues with shifts to come, and their coordinator."""
    return await open_ward(region)
