"""The inbox over HTTP: everything a user was ever told, in his language, and nobody else's."""

from datetime import timedelta
from uuid import uuid4

from contracts.owners import CarIdentityDecided, CarRegistered, OdometerGrownStale, UserErased, UserRegistered
from contracts.trust import RecommendationChanged, RecommendationOpened
from contracts.workorders import EstimateDecided, EstimateSent, WorkOrderCompleted
from tests.service.notifier.conftest import NOW, OWNER, Notifier
from tests.support.golden import golden
from tests.support.people import Person

PERSON = Person(OWNER)


async def test_a_notification_is_readable_before_anything_is_known_of_its_reader(notifier: Notifier) -> None:
    await notifier.receive(golden(WorkOrderCompleted, "brakes"))

    (entry,) = (await notifier.get("/v1/notifications"))["data"]

    assert entry["template"] == "work-order-completed"
    assert entry["title"] == "Lada 21099 · К482МН66: работы завершены"
    assert entry["subject"] == {"kind": "work_order", "id": str(golden(WorkOrderCompleted, "brakes").work_order_id)}
    assert entry["read_at"] is None


async def test_texts_follow_the_settings_that_the_user_has_now(notifier: Notifier) -> None:
    await notifier.receive(golden(WorkOrderCompleted, "brakes"))
    await notifier.receive(golden(UserRegistered, "first-sign-in", locale="en", distance_unit="mi"))

    (entry,) = (await notifier.get("/v1/notifications"))["data"]

    assert entry["title"] == "Lada 21099 · К482МН66 is ready"
    assert "Odometer: 116,457 mi" in entry["text"]


async def test_older_settings_that_arrive_late_change_nothing(notifier: Notifier) -> None:
    await notifier.receive(golden(WorkOrderCompleted, "brakes"))
    await notifier.receive(golden(UserRegistered, "first-sign-in", sequence=5, locale="en"))
    await notifier.receive(golden(UserRegistered, "first-sign-in", sequence=4, locale="ru"))

    (entry,) = (await notifier.get("/v1/notifications"))["data"]

    assert entry["title"].endswith("is ready")


async def test_a_recommendation_names_the_car_once_it_is_known(notifier: Notifier) -> None:
    opened = golden(RecommendationOpened, "by-distance")
    await notifier.receive(opened)
    (entry,) = (await notifier.get("/v1/notifications"))["data"]
    assert "ваш автомобиль" in entry["text"]

    car = {"make": "Lada", "model": "21099", "plate": "К482МН66"}
    await notifier.receive(golden(CarRegistered, "vin", car_id=str(opened.car_id), owner_id=str(OWNER), **car))

    (entry,) = (await notifier.get("/v1/notifications"))["data"]
    assert "Lada 21099 К482МН66" in entry["text"]


async def test_only_what_is_due_or_overdue_is_news(notifier: Notifier) -> None:
    for status in ("due", "overdue", "upcoming", "done", "dismissed", "superseded"):
        await notifier.receive(golden(RecommendationChanged, "dismissed", status=status))
    titles = {entry["title"].partition(":")[0] for entry in (await notifier.get("/v1/notifications"))["data"]}
    assert titles == {"Пора", "Просрочено"}


async def test_an_owner_is_told_of_consent_that_staff_recorded_and_not_of_his_own(notifier: Notifier) -> None:
    for channel in ("owner", "phone", "in_person", "message"):
        await notifier.receive(golden(EstimateDecided, "part-approved", consent_channel=channel))
    assert len((await notifier.get("/v1/notifications"))["data"]) == 3


async def test_both_owners_are_told_what_a_moderator_decided_and_nothing_of_each_other(notifier: Notifier) -> None:
    other = Person()
    confirmed = golden(CarIdentityDecided, "confirmed", owner_id=str(OWNER))
    rejected = golden(CarIdentityDecided, "rejected", owner_id=str(other.user_id))
    await notifier.receive(confirmed, rejected)
    before = await notifier.checksums()
    await notifier.receive_everything_again_with_an_empty_inbox()
    assert await notifier.checksums() == before
    for person, mine, theirs in ((OWNER, confirmed, rejected), (other.user_id, rejected, confirmed)):
        (entry,) = (await notifier.get("/v1/notifications", person))["data"]
        assert (entry["template"], entry["subject"]) == (
            "car-identity-decided",
            {"kind": "car", "id": str(mine.car_id)},
        )
        assert str(mine.plate) in entry["title"]
        assert str(theirs.plate) not in str(entry)
    state = await notifier.rows("SELECT id, owner_id FROM car")
    assert {row.id: row.owner_id for row in state} == {confirmed.car_id: OWNER, rejected.car_id: other.user_id}


async def test_pages_go_from_the_latest_to_the_oldest_without_gap_or_repetition(notifier: Notifier) -> None:
    example = golden(WorkOrderCompleted, "brakes")
    events = [
        example.model_copy(update={"occurred_at": NOW + timedelta(minutes=place // 2), "sequence": place + 1})
        for place in range(7)
    ]
    await notifier.receive(*events)

    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = await notifier.get(f"/v1/notifications?limit=3{cursor and '&cursor=' + cursor}")
        seen += [entry["id"] for entry in page["data"]]
        cursor = page["next_cursor"]

    listed = (await notifier.get("/v1/notifications?limit=100"))["data"]
    assert seen == [entry["id"] for entry in listed]
    assert len(set(seen)) == 7
    instants = [entry["occurred_at"] for entry in listed]
    assert instants == sorted(instants, reverse=True)


async def test_reading_counts_the_first_time(notifier: Notifier) -> None:
    await notifier.receive(golden(WorkOrderCompleted, "brakes"), golden(EstimateSent, "two-jobs"))
    entries = (await notifier.get("/v1/notifications"))["data"]
    assert await notifier.get("/v1/notifications/unread-count") == {"unread": 2}
    path = f"/v1/notifications/{entries[0]['id']}/read"

    first = await notifier.client.post(path, headers=PERSON.acting())
    notifier.clock.advance(timedelta(hours=1))
    again = await notifier.client.post(path, headers=PERSON.acting())

    assert first.json()["read_at"] == again.json()["read_at"] == "2026-03-14T10:00:00Z"
    assert await notifier.get("/v1/notifications/unread-count") == {"unread": 1}
    unread = (await notifier.get("/v1/notifications?unread=true"))["data"]
    assert [entry["id"] for entry in unread] == [entries[1]["id"]]


async def test_somebody_else_s_notification_is_missing(notifier: Notifier) -> None:
    await notifier.receive(golden(WorkOrderCompleted, "brakes"))
    (entry,) = (await notifier.get("/v1/notifications"))["data"]
    stranger = Person()

    foreign = await notifier.client.post(f"/v1/notifications/{entry['id']}/read", headers=stranger.acting())
    missing = await notifier.client.post(f"/v1/notifications/{uuid4()}/read", headers=stranger.acting())

    assert (await notifier.get("/v1/notifications", stranger.user_id))["data"] == []
    assert foreign.status_code == missing.status_code == 404
    bodies = [{**answer.json(), "trace_id": None} for answer in (foreign, missing)]
    assert bodies[0] == bodies[1]


async def test_nobody_gets_in_without_a_token(notifier: Notifier) -> None:
    for method, path in (
        ("GET", "/v1/notifications"),
        ("GET", "/v1/notifications/unread-count"),
        ("POST", f"/v1/notifications/{uuid4()}/read"),
        ("GET", "/v1/telegram/link"),
        ("POST", "/v1/telegram/link"),
        ("DELETE", "/v1/telegram/link"),
    ):
        assert (await notifier.client.request(method, path)).status_code == 401, path


async def test_an_owner_is_asked_for_a_reading_once_however_often_it_is_told(notifier: Notifier) -> None:
    asked = golden(OdometerGrownStale, "read-in-spring")
    await notifier.receive(asked)
    await notifier.receive_everything_again_with_an_empty_inbox()
    (entry,) = (await notifier.get("/v1/notifications"))["data"]
    assert entry["template"] == "odometer-stale"
    assert entry["title"] == "Lada 21099 К482МН66: какой сейчас пробег?"
    assert entry["subject"] == {"kind": "car", "id": str(asked.car_id)}
    assert await notifier.value("SELECT priority FROM delivery_attempt") == 1


async def test_nobody_is_asked_for_a_reading_after_erasure(notifier: Notifier) -> None:
    await notifier.receive(golden(UserErased, "erased"))
    await notifier.receive(golden(OdometerGrownStale, "read-in-spring"))
    assert (await notifier.get("/v1/notifications"))["data"] == []
    assert await notifier.value("SELECT state FROM delivery_attempt") == "suppressed"
