"""From the draft to the certificate; and what does not count on the way."""

from datetime import timedelta

import pytest

from consult.training import attending, certificates, materials, service, statistics
from consult.training.attending import tries_left
from consult.training.errors import (
    CourseMoved,
    MaterialLost,
    MaterialTooLarge,
    NoCheck,
    NoQuiz,
    NotEarned,
    NotLive,
    QuizMoved,
    TeachersOnly,
    TriedOften,
)
from consult.training.rules import RULES
from consult.training.schemas import (
    AnswerCheck,
    EditCourse,
    Move,
    MoveWhy,
    NewClass,
    NewCourse,
    NewQuiz,
)
from kernel.blobs import BlobStore
from kernel.errors import BadInput, NotFound
from tests.consult.training.conftest import QUESTIONS, RIGHT, WRONG, School
from tests.referral.network import SEALER, Network

PDF = b"%PDF-1.7 courseware"


async def test_attended_passed_certified(school: School, net: Network) -> None:
    course = await school.course()
    seated = await school.opened(course)
    await school.attend(seated, 20)
    mine = await school.sit(seated)
    assert (mine.here, mine.people) == (True, [])
    assert mine.asked == mine.answered > 0
    await school.end(seated)
    assert (await school.sit(seated)).seated.verified is True
    assert not (await school.look(course)).may_certify
    with pytest.raises(NotEarned):
        await school.do("county_doctor", certificates.earn, course)
    assert not await school.tried(course, WRONG)
    assert await school.tried(course, RIGHT)
    detail = await school.look(course)
    assert (detail.may_certify, detail.course.attended, detail.course.passed) == (True, 1, True)
    earned = await school.do("county_doctor", certificates.earn, course)
    again = await school.do("county_doctor", certificates.earn, course)
    assert earned == again
    assert earned.score == (2, 2)
    assert [title for title, _, _ in earned.classes] == ["第一讲"]
    assert await net.kinds(earned.id) == ["training.certified"]
    assert (await school.look(course)).course.certificate_at is not None
    assert course in [one.id for one in await school.listed("county_doctor", "mine")]


@pytest.mark.parametrize(
    ("minutes", "awake", "idle", "verified"),
    [(16, True, 0, True), (16, False, 0, False), (10, True, 10, False)],
)
async def test_only_who_was_there_and_answered(
    school: School, net: Network, minutes: float, awake: bool, idle: float, verified: bool
) -> None:
    course = await school.course()
    await school.tried(course, RIGHT)
    seated = await school.opened(course)
    await school.attend(seated, minutes, awake=awake)
    net.wait(minutes=idle)  # the page is closed, the class runs on
    await school.end(seated)
    assert (await school.sit(seated)).seated.verified is verified
    (row,) = (await school.sit(seated, "city_expert")).people
    assert (row.verified, row.here) == (verified, False)
    assert row.present_s == pytest.approx(minutes * 60, abs=45)
    assert (await school.look(course)).may_certify is verified


async def test_a_wrong_or_late_answer_is_none(school: School, net: Network) -> None:
    seated = await school.opened(await school.course())
    with pytest.raises(NoCheck):
        await school.do("county_doctor", attending.answer_check, seated, AnswerCheck(choice=1))
    asked = None
    while asked is None:
        await school.do("county_doctor", attending.be_there, seated)
        asked = (await school.sit(seated)).check
        net.wait(seconds=15)
    wrong = next(one for one in asked.choices if one != asked.wanted)
    await school.do("county_doctor", attending.answer_check, seated, AnswerCheck(choice=wrong))
    with pytest.raises(NoCheck):  # once is enough
        await school.do(
            "county_doctor", attending.answer_check, seated, AnswerCheck(choice=asked.wanted)
        )
    mine = await school.sit(seated)
    assert (mine.asked, mine.answered, mine.check) == (1, 0, None)
    # The next one is left alone until its time is over.
    while (await school.sit(seated)).check is None:
        await school.do("county_doctor", attending.be_there, seated)
        net.wait(seconds=15)
    net.wait(seconds=RULES.answer_within_s)
    with pytest.raises(NoCheck):
        await school.do(
            "county_doctor", attending.answer_check, seated, AnswerCheck(choice=asked.wanted)
        )
    assert (await school.sit(seated)).asked == 2


async def test_a_forgotten_class_ends_where_somebody_was_heard_last(
    school: School, net: Network
) -> None:
    seated = await school.opened(await school.course(quiz=False))
    await school.attend(seated, 30)
    await school.time_passes(minutes=30)
    assert (await school.sit(seated)).seated.state == "live"
    await school.time_passes(minutes=30)
    over = (await school.sit(seated)).seated
    assert (over.state, over.verified) == ("over", True)


async def test_a_draft_is_its_house_s_and_only_teachers_change(
    school: School, net: Network
) -> None:
    draft = await school.course(published=False)
    for by in ("county_doctor", "province_expert", "commission"):
        with pytest.raises(NotFound):
            await school.look(draft, by)
    with pytest.raises(TeachersOnly):
        await school.do("county_doctor", service.make_course, NewCourse(title="无权"))
    order = NewClass(title="第一讲", starts_at=net.clock.now() + timedelta(hours=1))
    seated = await school.do("city_second", service.plan_class, draft, order)
    with pytest.raises(CourseMoved):  # nobody outside could come
        await school.do("city_second", service.open_class, seated, Move(version=1))
    await school.do("city_expert", service.publish_course, draft, Move(version=1))
    assert (await school.look(draft)).course.allowed == []
    for by, command, rest in (
        ("county_doctor", service.open_class, (seated, Move(version=1))),
        ("province_expert", service.close_course, (draft, Move(version=2))),
        ("county_expert", service.edit_course, (draft, EditCourse(title="改", version=2))),
        ("outsider", service.ask_quiz, (draft, NewQuiz(questions=QUESTIONS))),
    ):
        with pytest.raises(TeachersOnly):
            await school.do(by, command, *rest)
    with pytest.raises(NotLive):
        await school.do("county_doctor", attending.be_there, seated)
    with pytest.raises(CourseMoved):
        await school.do("city_expert", service.cancel_class, seated, MoveWhy(version=9, note="无"))
    await school.do("city_expert", service.cancel_class, seated, MoveWhy(version=1, note="改期"))
    assert (await school.sit(seated)).seated.note == "改期"
    await school.do("city_expert", service.edit_course, draft, EditCourse(title="新名", version=2))
    await school.do("city_expert", service.close_course, draft, Move(version=3))
    with pytest.raises(CourseMoved):
        await school.tried(draft, RIGHT)
    assert draft in [one.id for one in await school.listed("county_doctor", "closed")]
    assert draft in [one.id for one in await school.listed("city_second", "kept")]


async def test_questions_are_versions_and_tries_are_counted(school: School, net: Network) -> None:
    course = await school.course()
    assert (await school.look(course)).quiz is not None
    shown = (await school.look(course)).quiz
    assert shown is not None
    assert [one.right for one in shown.questions] == [None, None]
    assert [one.many for one in shown.questions] == [False, True]
    kept = (await school.look(course, "city_expert")).quiz
    assert kept is not None
    assert kept.questions[1].right == [0, 1]
    await school.do("city_expert", service.ask_quiz, course, NewQuiz(questions=QUESTIONS[:1]))
    with pytest.raises(QuizMoved):
        await school.tried(course, RIGHT)
    for _ in range(RULES.tries_per_day):
        await school.tried(course, [[1]], quiz=2)
    with pytest.raises(TriedOften):
        await school.tried(course, [[0]], quiz=2)
    net.wait(hours=24)
    assert await school.tried(course, [[0]], quiz=2)
    with pytest.raises(NoQuiz):
        await school.tried(await school.course(quiz=False), RIGHT)
    assert tries_left([], net.clock.now()) == RULES.tries_per_day


async def test_materials_are_known_by_their_bytes(
    school: School, net: Network, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("blobs")
    blobs = BlobStore(place, SEALER, max_bytes=1000)
    course = await school.course()
    await school.do("city_expert", materials.add, blobs, course, "课件", PDF)
    with pytest.raises(TeachersOnly):
        await school.do("county_doctor", materials.add, blobs, course, "课件", PDF)
    with pytest.raises(MaterialTooLarge):
        await school.do("city_expert", materials.add, blobs, course, "大", PDF + bytes(1000))
    (shown,) = (await school.look(course)).materials
    async with net.clone.app.session(net.staff["county_doctor"]) as session:
        found = await materials.fetch(session, blobs, shown.id)
        assert found == ("课件.pdf", "application/pdf", PDF)
        blobs.place(bytes.fromhex(shown.sha256)).unlink()
        with pytest.raises(MaterialLost):
            await materials.fetch(session, blobs, shown.id)
    await school.do("city_expert", materials.remove, shown.id)
    assert (await school.look(course)).materials == []
    with pytest.raises(NotFound):
        await school.do("city_expert", materials.remove, shown.id)


async def test_units_are_counted_for_whoever_oversees_them(school: School, net: Network) -> None:
    begun = net.clock.now()
    course = await school.course()
    await school.tried(course, RIGHT)
    seated = await school.opened(course)
    for _ in range(64):
        for by in ("county_doctor", "outsider"):
            await school.do(by, attending.be_there, seated)
        check = (await school.sit(seated)).check
        if check is not None:
            order = AnswerCheck(choice=check.wanted)
            await school.do("county_doctor", attending.answer_check, seated, order)
        net.wait(seconds=15)
    await school.end(seated)
    await school.do("county_doctor", certificates.earn, course)
    end = net.clock.now() + timedelta(seconds=1)

    async def units(by: str) -> dict[str, tuple[int, int, int, int]]:
        async with net.clone.app.session(net.staff[by]) as session:
            found = await statistics.of_units(session, begun, end)
        assert found.classes == 1
        return {
            one.facility.name: (one.people, one.attendances, one.verified, one.certificates)
            for one in found.units
            if one.facility is not None
        }

    province = await units("commission")
    assert province["石桥县医院"] == (1, 1, 1, 1)
    assert province["竹溪县医院"] == (1, 1, 0, 0)  # there, and never answered
    assert province["柳湾镇卫生院"] == (0, 0, 0, 0)
    assert "竹溪县医院" not in await units("coordinator")
    assert await units("county_doctor") == {}
    async with net.clone.app.session(net.staff["commission"]) as session:
        with pytest.raises(BadInput):
            await statistics.of_units(session, end, begun)
