"""A table to sit at."""

import pytest

from tests.consult.requests.table import Table
from tests.referral.network import Network


@pytest.fixture
def table(net: Network) -> Table:
    """The network's table."""
    return Table(net)
