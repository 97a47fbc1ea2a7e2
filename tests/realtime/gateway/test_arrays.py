"""Arrays of numbers on their way to and from PostgreSQL."""

from __future__ import annotations

from realtime.gateway.arrays import array_of
from tests.realtime.conftest import Site


async def test_arrays_are_read_as_postgresql_sends_them(site: Site) -> None:
    [row] = await site.fetch(
        "SELECT array_send('{1,-2,9000000000}'::bigint[]) AS longs,"
        " array_send('{7,-8}'::int[]) AS ints, array_send('{}'::int[]) AS none"
    )
    assert array_of(row["longs"]).tolist() == [1, -2, 9_000_000_000]
    assert array_of(row["ints"]).tolist() == [7, -8]
    assert array_of(row["none"]).tolist() == []
