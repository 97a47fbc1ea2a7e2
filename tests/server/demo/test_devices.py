"""The demo's wards have everybody whom their alarms and limits need."""

from kernel.viewer import Role
from realtime.alarms.rights import WRITERS
from server.demo.devices import LIMITS_AUTHOR, agents
from server.demo.region import PLACES, people


def test_every_house_with_monitors_has_who_answers_and_who_sets_limits() -> None:
    for house in agents():
        staff = {one.login: one.post for one in people() if one.facility.code == house}
        author = staff[f"{house.lower()}.{LIMITS_AUTHOR}"]
        assert {Role(role) for role in author.roles} & set(WRITERS)
        tiers = {post.tier for post in staff.values() if post.specialty == "obstetrics"}
        assert {"first", "second"} <= tiers
        assert any(post.tier == "general_duty" for post in staff.values())


def test_every_county_house_has_an_office_of_medical_affairs() -> None:
    for house in PLACES.facilities:
        if house.staff == "county":
            posts = [one.post for one in people() if one.facility.code == house.code]
            assert any("medical_affairs" in post.roles for post in posts), house.code
