"""Buttons under a question: the bot acts for its user through the gateway, once, and the message shows it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiogram.types import InlineKeyboardMarkup, Update

from chassis.timers import Timers
from contracts.sto import LinkApproved, LinkRequested
from contracts.workorders import EstimateDecided, EstimateSent, EstimateSuperseded
from notifier.telegram.poller import Poller
from notifier.wiring import reminder_timers
from tests.service.notifier.conftest import CHAT, OWNER, Notifier
from tests.service.notifier.fake_gateway import Order
from tests.support.golden import golden
from tests.support.people import Person

ESTIMATE = golden(EstimateSent, "two-jobs")
ORDER = str(ESTIMATE.work_order_id)
BRAKES, BELT = (str(job.job_id) for job in ESTIMATE.jobs)
LINK = golden(LinkRequested, "by-the-center")


async def ask(notifier: Notifier, *events: Any) -> None:
    await notifier.link()
    notifier.gateway.orders[ORDER] = Order(4, 1, {BRAKES: "sent", BELT: "sent"})
    notifier.gateway.links[str(LINK.link_id)] = "requested"
    await notifier.receive(*(events or (ESTIMATE,)))
    await notifier.delivery.deliver_next()


async def test_an_estimate_has_buttons_for_each_job_and_for_all(notifier: Notifier) -> None:
    await ask(notifier)
    assert notifier.buttons() == [
        ["✅ 1", "❌ 1"],
        ["✅ 2", "❌ 2"],
        ["✅ Согласиться на всё", "❌ Отказаться от всего"],
    ]


async def test_all_jobs_are_authorised_by_one_press_and_the_message_says_when(notifier: Notifier) -> None:
    await ask(notifier)

    assert await notifier.press("✅ Согласиться на всё") == "Одобрено."

    assert notifier.gateway.orders[ORDER].jobs == {BRAKES: "authorised", BELT: "authorised"}
    assert notifier.gateway.acts == [
        (
            f"/v1/work-orders/{ORDER}/approval",
            str(OWNER),
            {
                "estimate_version": 1,
                "decisions": [
                    {"job_id": BRAKES, "decision": "authorise"},
                    {"job_id": BELT, "decision": "authorise"},
                ],
            },
        )
    ]
    (words,) = notifier.texts()
    assert "✅ 1. Замена передних тормозных дисков и колодок" in words
    assert words.endswith("✅ Вы одобрили: 14 марта 2026, 13:00")
    assert notifier.buttons() == []


async def test_jobs_are_decided_one_by_one(notifier: Notifier) -> None:
    await ask(notifier)

    assert await notifier.press("✅ 1") == "Одобрено."
    assert notifier.buttons() == [["✅ 2", "❌ 2"], ["✅ Согласиться на всё", "❌ Отказаться от всего"]]
    assert await notifier.press("❌ 2") == "Отклонено."

    assert notifier.gateway.orders[ORDER].jobs == {BRAKES: "authorised", BELT: "declined"}
    (words,) = notifier.texts()
    assert "✅ 1. " in words
    assert "❌ 2. " in words
    assert words.endswith("Вы решили: 14 марта 2026, 13:00")
    assert notifier.buttons() == []


async def test_what_is_left_can_be_declined_together(notifier: Notifier) -> None:
    await ask(notifier)
    await notifier.press("✅ 2")

    assert await notifier.press("❌ Отказаться от всего") == "Отклонено."

    assert notifier.gateway.orders[ORDER].jobs == {BRAKES: "declined", BELT: "authorised"}


async def test_a_double_press_is_one_act(notifier: Notifier) -> None:
    await ask(notifier)
    for _ in range(2):
        await notifier.control("updates/press", chat_id=CHAT, button="✅ 1")

    await notifier.hear()

    assert len(notifier.gateway.acts) == 1
    answers = [press["answer"]["text"] for press in notifier.telegram.double.store.presses(CHAT)]
    assert answers == ["Одобрено.", "Решение уже принято."]


async def test_a_press_whose_answer_was_lost_is_done_once_when_it_is_pressed_again(notifier: Notifier) -> None:
    await ask(notifier)
    notifier.gateway.forget_answer = True
    assert (
        await notifier.press("✅ 1") == "CarPass сейчас не отвечает. Ничего не потеряно: нажмите ещё раз через минуту."
    )
    assert len(notifier.buttons()) == 3

    assert await notifier.press("✅ 1") == "Одобрено."

    assert len(notifier.gateway.acts) == 1


async def test_while_carpass_is_away_a_press_is_answered_and_can_be_repeated(notifier: Notifier) -> None:
    await ask(notifier)
    notifier.gateway.away = True
    answer = await notifier.press("✅ Согласиться на всё")
    assert answer is not None
    assert answer.startswith("CarPass сейчас не отвечает")
    assert notifier.gateway.acts == []

    notifier.gateway.away = False
    assert await notifier.press("✅ Согласиться на всё") == "Одобрено."


async def test_an_order_that_changes_between_look_and_act_is_looked_at_again(notifier: Notifier) -> None:
    await ask(notifier)
    notifier.gateway.changes_before_act = 2

    assert await notifier.press("✅ 1") == "Одобрено."


async def test_a_press_after_the_decision_was_made_elsewhere_is_told_so_and_the_message_shows_it(
    notifier: Notifier,
) -> None:
    await ask(notifier)
    notifier.gateway.orders[ORDER].jobs = {BRAKES: "authorised", BELT: "declined"}
    await notifier.receive(golden(EstimateDecided, "part-approved", consent_channel="phone"))

    assert await notifier.press("✅ 1") == "Решение уже принято."

    assert notifier.gateway.acts == []
    assert notifier.texts()[0].endswith("Записано сервисом: 14 марта 2026, 12:26")
    assert notifier.messages()[0].get("reply_markup") is None


async def test_a_press_before_the_news_of_a_decision_has_arrived_is_too_late_all_the_same(notifier: Notifier) -> None:
    await ask(notifier)
    notifier.gateway.orders[ORDER].jobs = {BRAKES: "declined", BELT: "declined"}

    assert await notifier.press("✅ 1") == "Решение уже принято."

    assert notifier.gateway.acts == []


@pytest.mark.parametrize("reason", ["withdrawn", "expired", "replaced"])
async def test_a_press_on_an_estimate_that_is_no_longer_current_changes_nothing(
    notifier: Notifier, reason: str
) -> None:
    await ask(notifier)
    notifier.gateway.orders[ORDER].estimate_version = 2
    facts = ESTIMATE.model_dump(mode="json") | {"sequence": 3, "reason": reason}
    await notifier.receive(EstimateSuperseded.model_validate(facts))

    assert await notifier.press("✅ 1") == "Решение уже принято."

    assert notifier.texts()[0].endswith("Решать здесь больше нечего.")
    assert notifier.gateway.acts == []


@pytest.mark.parametrize(
    ("button", "status", "answer", "ending"),
    [
        ("✅ Согласиться", "approved", "Одобрено.", "✅ Вы одобрили: 14 марта 2026, 13:00"),
        ("❌ Отказаться", "declined", "Отклонено.", "❌ Вы отклонили: 14 марта 2026, 13:00"),
    ],
)
async def test_a_center_s_request_is_answered_by_a_button(
    notifier: Notifier, button: str, status: str, answer: str, ending: str
) -> None:
    await ask(notifier, LINK)
    assert notifier.buttons() == [["✅ Согласиться", "❌ Отказаться"]]

    assert await notifier.press(button) == answer

    assert notifier.gateway.links[str(LINK.link_id)] == status
    assert notifier.texts()[0].endswith(ending)
    assert notifier.buttons() == []


async def test_what_something_else_stands_against_stays_open(notifier: Notifier) -> None:
    await ask(notifier, LINK)
    notifier.gateway.links[str(LINK.link_id)] = "center suspended"

    assert await notifier.press("✅ Согласиться") == "Сейчас это невозможно. Посмотрите, пожалуйста, в CarPass."

    assert notifier.buttons() == [["✅ Согласиться", "❌ Отказаться"]]


async def test_a_request_that_was_answered_in_the_web_is_answered(notifier: Notifier) -> None:
    await ask(notifier, LINK)
    notifier.gateway.links[str(LINK.link_id)] = "approved"
    await notifier.receive(golden(LinkApproved, "two-scopes-for-a-year"))

    assert await notifier.press("❌ Отказаться") == "Решение уже принято."

    assert notifier.gateway.links[str(LINK.link_id)] == "approved"
    assert "Вы одобрили" in notifier.texts()[0]


async def test_an_estimate_that_was_decided_before_its_message_left_comes_without_buttons(notifier: Notifier) -> None:
    await ask(notifier, ESTIMATE, golden(EstimateDecided, "part-approved"))
    assert notifier.buttons() == []
    assert "✅ 1. Замена передних" in notifier.texts()[0]


async def test_somebody_else_s_press_on_a_forwarded_button_does_nothing(notifier: Notifier) -> None:
    await ask(notifier)
    stranger = Person().user_id
    await notifier.link(stranger, chat_id=CHAT + 1)
    keyboard = InlineKeyboardMarkup.model_validate(notifier.messages()[-1]["reply_markup"])
    await notifier.bot.send_message(CHAT + 1, "a copy", reply_markup=keyboard)

    assert await notifier.press("✅ 1", chat_id=CHAT + 1) == "Это сообщение адресовано не этому аккаунту."

    assert notifier.gateway.acts == []


async def test_a_chat_whose_telegram_account_now_signs_in_as_somebody_else_decides_nothing(notifier: Notifier) -> None:
    await ask(notifier)
    notifier.gateway.accounts[CHAT] = uuid4()

    assert await notifier.press("✅ 1") == "Это сообщение адресовано не этому аккаунту."

    assert notifier.gateway.acts == []


async def test_a_button_of_an_older_bot_is_answered(notifier: Notifier) -> None:
    await ask(notifier)

    await notifier.control("updates/press", chat_id=CHAT, callback_data="d0:whatever", stale=True)
    await notifier.hear()

    assert notifier.last_answer() == "Эта кнопка устарела."


async def test_the_same_update_twice_is_one_press(notifier: Notifier) -> None:
    await ask(notifier)
    pressed = await notifier.control("updates/press", chat_id=CHAT, button="✅ 1")
    update = next(
        each for each in notifier.telegram.double.store.updates(10) if each["update_id"] == pressed["update_id"]
    )
    await notifier.hear()
    calls = notifier.calls("answerCallbackQuery")

    poller = Poller(notifier.worker, notifier.urls.worker_url, notifier.bot, notifier.clock, poll=0)
    await poller.write_down([Update.model_validate(update)])
    assert await notifier.updates.handle_next() == 0
    assert notifier.calls("answerCallbackQuery") == calls == 1


async def test_a_press_proves_that_an_uncertain_message_has_arrived(notifier: Notifier) -> None:
    await notifier.link()
    notifier.gateway.orders[ORDER] = Order(4, 1, {BRAKES: "sent", BELT: "sent"})
    await notifier.receive(ESTIMATE)
    await notifier.fault("timeout_after_accept")
    await notifier.delivery.deliver_next()
    assert (await notifier.attempt()).state == "uncertain"

    await notifier.press("✅ 1")

    assert (await notifier.attempt()).state == "sent"


async def test_a_decision_that_may_not_have_arrived_is_asked_once_more_after_four_hours(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(ESTIMATE)
    await notifier.fault("timeout_after_accept", times=2)
    await notifier.delivery.deliver_next()
    timers = reminders(notifier)
    assert not await timers.run_due(notifier.worker)

    notifier.clock.advance(timedelta(hours=4))
    assert await timers.run_due(notifier.worker)
    await notifier.delivery.deliver_next()

    assert [words.partition(":")[0] for words in notifier.texts()] == ["Смета", "Смета всё ещё ждёт вашего решения"]
    notifier.clock.advance(timedelta(hours=4))
    assert await timers.run_due(notifier.worker), "the reminder is uncertain as well"
    assert await notifier.delivery.deliver_next() == 0, "and it is the last"


async def test_a_decision_that_was_made_meanwhile_is_not_asked_again(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(ESTIMATE)
    await notifier.fault("timeout_after_accept")
    await notifier.delivery.deliver_next()
    await notifier.receive(golden(EstimateDecided, "part-approved"))

    notifier.clock.advance(timedelta(hours=4))
    assert await reminders(notifier).run_due(notifier.worker)

    assert await notifier.value("SELECT count(*) FROM notification") == 1


def reminders(notifier: Notifier) -> Timers:
    return reminder_timers(notifier.clock)
