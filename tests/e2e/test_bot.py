"""The bot acts for the car's owner through the same API as everyone."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from cli.client.gateway import Gateway, Person
from cli.demo.scenario import shipped
from cli.stack.stack import Stack
from tests.e2e.chat import Chat
from tests.e2e.orders import Order
from tests.e2e.playing import PATIENCE, Rehearsed, newcomer, recast, rehearse
from tests.support.eventually import eventually

WORDS = {
    "ru": {
        "asks": "просит доступ к автомобилю",
        "offers": "предлагает",
        "approve": "✅ Согласиться",
        "decline": "❌ Отказаться",
        "approve all": "✅ Согласиться на всё",
        "approved": "Одобрено.",
        "declined": "Отклонено.",
        "by you": "✅ Вы одобрили:",
        "refused by you": "❌ Вы отклонили:",
        "decided by you": "Вы решили:",
        "too late": "Решение уже принято.",
    },
    "en": {
        "asks": "asks for access to",
        "offers": "offers",
        "approve": "✅ Approve",
        "decline": "❌ Decline",
        "approve all": "✅ Approve all",
        "approved": "Approved.",
        "declined": "Declined.",
        "by you": "✅ Approved by you:",
        "refused by you": "❌ Declined by you:",
        "decided by you": "Decided by you:",
        "too late": "Already decided.",
    },
}
TWO_JOBS = {"ru": "brakes-and-timing-belt", "en": next(name for name in shipped() if "electric" in name)}


@dataclass(frozen=True)
class Garage:
    """A center that knows the customer's car, and the customer's chat."""

    rehearsed: Rehearsed
    chat: Chat
    words: dict[str, str]

    @property
    def customer(self) -> Person:
        """Whose car it is."""
        return self.rehearsed.cast.customer

    async def estimate(self, jobs: int) -> str:
        """The path of an order whose estimate waits for an answer."""
        order = await Order.opened(self.rehearsed, jobs=jobs)
        return (await order.advance("awaiting_approval")).path

    async def order(self, path: str) -> dict[str, Any]:
        """As the customer sees it."""
        seen: dict[str, Any] = (await self.customer.get(path)).body
        return seen

    async def link_to_new_car(self, owner: Person, plate: str) -> str:
        """Another car, and the center's request for access to it; the link's id."""
        described = {"plate": plate, "make": "Lada", "model": "Niva", "currency": "RUB"}
        car = (await owner.post("/v1/cars", described)).body
        wanted = {"center_id": self.rehearsed.prepared.center_id, "car_id": car["id"], "scopes": ["odometer"]}
        link: str = (await self.rehearsed.cast.office.post("/v1/car-links", wanted)).body["id"]
        return link


@pytest.fixture(scope="module")
async def garages(stack: Stack, gateway: Gateway) -> dict[str, Garage]:
    """One for each language that the bot speaks."""

    async def open_in(language: str) -> Garage:
        rehearsed = await rehearse(stack, gateway, recast(TWO_JOBS[language], "Botov"))
        assert rehearsed.cast.customer.telegram.language_code == language
        return Garage(rehearsed, Chat(stack.telegram_url, rehearsed.cast.customer), WORDS[language])

    return dict(zip(WORDS, await asyncio.gather(*map(open_in, WORDS)), strict=True))


@pytest.fixture(params=list(WORDS))
def garage(request: pytest.FixtureRequest, garages: dict[str, Garage]) -> Garage:
    return garages[request.param]


async def test_estimate_is_approved_by_a_button_and_the_message_shows_it(garage: Garage) -> None:
    order = await garage.estimate(jobs=1)
    number = (await garage.order(order))["number"]
    message = await garage.chat.message(f" {number}:", buttons=2)
    assert garage.words["offers"] in message.text
    assert await garage.chat.press(message, garage.words["approve"]) == garage.words["approved"]
    await garage.chat.edited(message, garage.words["by you"], buttons=0)
    seen = await garage.order(order)
    assert seen["status"] == "approved"
    assert [job["status"] for job in seen["jobs"]] == ["authorised"]
    assert seen["jobs"][0]["authorisation"]["channel"] == "owner"


async def test_estimate_is_decided_job_by_job(garage: Garage) -> None:
    order = await garage.estimate(jobs=2)
    message = await garage.chat.message("Job 2", buttons=6)
    assert await garage.chat.press(message, "❌ 2") == garage.words["declined"]
    half = await garage.chat.edited(message, "Job 1", buttons=4)
    assert await garage.chat.press(half, "✅ 1") == garage.words["approved"]
    await garage.chat.edited(message, garage.words["decided by you"], buttons=0)
    seen = await garage.order(order)
    assert seen["status"] == "approved"
    assert [job["status"] for job in seen["jobs"]] == ["authorised", "declined"]


async def test_stale_press_is_told_that_it_comes_too_late(garage: Garage) -> None:
    order = await garage.estimate(jobs=1)
    number = (await garage.order(order))["number"]
    message = await garage.chat.message(f" {number}:", buttons=2)
    customer = garage.customer
    waiting = await customer.get(order)
    decision = {
        "estimate_version": 1,
        "decisions": [{"job_id": waiting.body["jobs"][0]["id"], "decision": "decline"}],
    }
    await customer.post(f"{order}/approval", decision, etag=waiting.etag)
    assert await garage.chat.press(message, garage.words["approve"]) == garage.words["too late"]
    await garage.chat.edited(message, garage.words["refused by you"], buttons=0)
    assert (await garage.order(order))["status"] == "declined"
    assert await garage.chat.press(message, garage.words["approve"]) == garage.words["too late"]


@pytest.mark.parametrize(
    ("button", "said", "shown", "status"),
    [
        ("approve", "approved", "by you", "approved"),
        ("decline", "declined", "refused by you", "declined"),
    ],
)
async def test_link_is_decided_by_a_button(garage: Garage, button: str, said: str, shown: str, status: str) -> None:
    customer, words = garage.customer, garage.words
    plate = f"BOT-{button}".upper()
    link = await garage.link_to_new_car(customer, plate)
    message = await garage.chat.message(plate, buttons=2)
    assert words["asks"] in message.text
    assert await garage.chat.press(message, words[button]) == words[said]
    await garage.chat.edited(message, words[shown], buttons=0)
    assert (await customer.get(f"/v1/car-links/{link}")).body["status"] == status


async def test_somebody_without_a_chat_reads_it_in_the_inbox(garage: Garage, stack: Stack, gateway: Gateway) -> None:
    silent = await newcomer(stack, gateway, "Silent")
    link = await garage.link_to_new_car(silent, "SILENT-1")

    async def inbox() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await silent.get("/v1/notifications")).body["data"]
        return [row for row in rows if row["subject"] == {"kind": "car_link", "id": link}]

    (told,) = await eventually(inbox, within=PATIENCE)
    assert told["template"] == "link-requested"
    assert told["delivery"]["state"] == "suppressed"
    assert told["delivery"]["reason"] == "no_chat"
    assert await _unread(silent) == 1
    await silent.post(f"/v1/notifications/{told['id']}/read")
    assert await _unread(silent) == 0


async def _unread(person: Person) -> int:
    count: int = (await person.get("/v1/notifications/unread-count")).body["unread"]
    return count
