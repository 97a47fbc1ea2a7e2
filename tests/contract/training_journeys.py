"""Training from the draft to the end of the class, and a certificate that is not earned."""

from tests.contract.steps import Step, post

COURSE, CLASS = "/training/courses/{course_id}", "/training/classes/{class_id}"
QUESTIONS = [{"text": "？", "options": [{"text": "甲", "right": True}, {"text": "乙"}]}]

TRAINING: dict[str, tuple[Step, ...]] = {
    "a course": (
        post("city_expert", "/training/courses"),
        post("city_expert", f"{COURSE}/edit", version=1),
        post("city_expert", f"{COURSE}/quiz", questions=QUESTIONS),
        # Bytes are not described by a schema: tests/consult/training/test_routes.py attacks them.
        post("city_expert", f"{COURSE}/materials", (400,)),
        post("city_expert", f"{COURSE}/publish", version=2),
        post("city_expert", f"{COURSE}/classes"),
        post("city_expert", f"{CLASS}/open", version=1),
        post("county_doctor", f"{CLASS}/presence"),
        post("county_doctor", f"{CLASS}/check", (409,)),
        post("county_doctor", f"{CLASS}/tickets"),
        post("county_doctor", f"{CLASS}/leave"),
        post("county_doctor", f"{COURSE}/attempts", quiz=1),
        post("city_expert", f"{CLASS}/end", version=2),
        post("county_doctor", f"{COURSE}/certificate", (409,)),
        post("city_expert", f"{COURSE}/classes"),
        post("city_expert", f"{CLASS}/cancel", version=1),
        post("city_expert", f"{COURSE}/close", version=3),
        # The file is another course's: steps after this one would be about that.
        post("city_expert", "/training/materials/{material_id}/remove"),
    ),
}
