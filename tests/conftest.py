"""Makes the shared fixtures known to every test."""

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.passwords",
    "tests.fixtures.places",
    "tests.fixtures.valkey",
]
