"""Makes the shared fixtures known to every test, and the rules for made-up examples."""

from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.passwords",
    "tests.fixtures.places",
    "tests.fixtures.valkey",
]

# Machines that run tests are shared: how long an example took on the clock says nothing of it.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
