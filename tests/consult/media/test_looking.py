"""Who came and who is gone between two looks."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from consult.media.looking import Looking

ROOM = UUID(int=1)
PEOPLE = st.frozensets(st.integers(1, 4).map(lambda n: UUID(int=n)))


@given(st.lists(PEOPLE, max_size=8))
def test_whoever_came_and_did_not_go_is_there(looks: list[frozenset[UUID]]) -> None:
    looking, here = Looking(), frozenset[UUID]()
    for now in looks:
        came, gone = looking.moved(ROOM, now)
        assert not came & here
        assert gone <= here
        here = (here | came) - gone
        assert here == now
        assert looking.rooms == ({ROOM} if now else set())
