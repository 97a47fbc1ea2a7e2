"""Makes the shared fixtures known to every test, and says which tests may run side by side."""

from pathlib import Path

import pytest

pytest_plugins = ["tests.fixtures.database", "tests.fixtures.places", "tests.fixtures.valkey"]

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers: a file stays together, and so do all stories, which share one region.

    Each worker starts a PostgreSQL and a Valkey of its own. This comes first, because the workers
    read the groups in the same hook.
    """
    for item in items:
        path = item.path.relative_to(HERE)
        group = "browser" if path.parts[0] == "browser" else str(path)
        item.add_marker(pytest.mark.xdist_group(group))
