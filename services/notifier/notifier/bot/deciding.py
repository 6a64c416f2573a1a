"""A press on a button: the bot acts for its user through the public API, where the rules live."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from chassis.clock import Clock
from chassis.db import Database
from chassis.ids import derived_id
from notifier.bot.gateway import Done, Gateway, GatewayAway, NoAccount, SignedIn
from notifier.commands.record_press import confirm_arrival, record_press
from notifier.db import chats
from notifier.db.content import Content, load_contents
from notifier.domain.conventions import Conventions
from notifier.domain.decisions import AUTHORISED, DECLINED, Outcome
from notifier.domain.templates import Estimate, LinkRequest
from notifier.telegram.buttons import EVERYTHING, Choice, Press
from notifier.telegram.composing import Composed, compose

_VERBS: Final = {Choice.APPROVE: "authorise", Choice.DECLINE: "decline"}
_STATES: Final = {Choice.APPROVE: AUTHORISED, Choice.DECLINE: DECLINED}
_OUTCOMES: Final = {Choice.APPROVE: Outcome.APPROVED, Choice.DECLINE: Outcome.DECLINED}
_DONE: Final = {Choice.APPROVE: "press-approved", Choice.DECLINE: "press-declined"}


_PATIENCE: Final = 2.0
_LOOK_EVERY: Final = 0.2


@dataclass(frozen=True, slots=True)
class Reaction:
    """What to answer: the key of a text, and the reader's language if it is known. `content` if the message changes.

    `late`: somebody else has decided, and the news of it may still be on its way here.
    """

    words: str
    locale: str | None = None
    content: Content | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class _Act:
    """What a press means: the answers for which jobs (none for a link), and the key that makes it happen once."""

    choice: Choice
    jobs: dict[UUID, str]
    key: UUID


class DecisionDesk:
    """Carries presses out."""

    def __init__(self, database: Database, gateway: Gateway, fallback: Conventions, clock: Clock) -> None:
        self._database = database
        self._gateway = gateway
        self._fallback = fallback
        self._clock = clock

    async def press(self, press: Press, *, chat_id: int, message_id: int) -> Reaction:
        """Decides what the button says. Whatever happens, the same press may come again and does no harm."""
        async with self._database.transaction() as tx:
            user_id = await chats.user_of(tx, chat_id)
            content = (await load_contents(tx, [press.notification], self._fallback)).get(press.notification)
            if content is None or content.user_id != user_id:
                return Reaction("press-not-yours")
            await confirm_arrival(tx, press.notification, message_id, now=self._clock())
        act = _act(content, press)
        if act is None:
            return Reaction("press-already-decided", content.reader.locale, content)
        try:
            return await self._carry_out(content, act, chat_id)
        except GatewayAway:
            return Reaction("press-try-again", content.reader.locale)

    async def _carry_out(self, content: Content, act: _Act, chat_id: int) -> Reaction:
        locale = content.reader.locale
        try:
            signed_in = await self._gateway.sign_in(chat_id)
        except NoAccount:
            return Reaction("press-not-yours", locale)
        if signed_in.user_id != content.user_id:
            return Reaction("press-not-yours", locale)
        done = await self._ask(content, act, signed_in)
        if done is Done.NOT_ALLOWED:
            return Reaction("press-not-yours", locale)
        if done is Done.NOT_NOW:
            return Reaction("press-not-now", locale)
        if done is Done.TOO_LATE:
            return Reaction("press-already-decided", locale, content, late=True)
        await self._remember(content, act)
        return Reaction(_DONE[act.choice], locale, content)

    async def message_after(self, reaction: Reaction) -> Composed | None:
        """The pressed message as it should stand now; None when nothing is known to have changed."""
        if reaction.content is None:
            return None
        before, deadline = reaction.content, asyncio.get_running_loop().time() + _PATIENCE
        while True:
            now = await self._reloaded(before)
            if not reaction.late or now.standing != before.standing:
                return compose(now)
            if asyncio.get_running_loop().time() >= deadline:
                return None
            await asyncio.sleep(_LOOK_EVERY)

    async def _ask(self, content: Content, act: _Act, user: SignedIn) -> Done:
        if isinstance(content.params, LinkRequest):
            approve = act.choice is Choice.APPROVE
            return await self._gateway.decide_link(user, content.subject_id, approve=approve, key=act.key)
        body = {
            "estimate_version": content.version,
            "decisions": [{"job_id": str(job), "decision": _VERBS[act.choice]} for job in act.jobs],
        }
        return await self._gateway.decide_estimate(user, content.subject_id, body, key=act.key)

    async def _remember(self, content: Content, act: _Act) -> None:
        if content.version is None:
            return
        async with self._database.transaction() as tx:
            await record_press(
                tx,
                content.notification_id,
                key=act.key,
                subject_id=content.subject_id,
                version=content.version,
                outcome=_OUTCOMES[act.choice],
                jobs=act.jobs,
                now=self._clock(),
            )

    async def _reloaded(self, content: Content) -> Content:
        """With the answers that have arrived meanwhile; a user erased meanwhile keeps his old message."""
        async with self._database.transaction() as tx:
            found = await load_contents(tx, [content.notification_id], self._fallback)
        return found.get(content.notification_id, content)


def _act(content: Content, press: Press) -> _Act | None:
    """None when what the button says was decided already, or can't be any more."""
    match content.params:
        case LinkRequest() if content.standing.untouched:
            return _Act(press.choice, {}, derived_id(content.subject_id, f"bot:{press.choice}"))
        case Estimate() as estimate:
            asked = [job.job_id for job in estimate.jobs]
            wanted = asked if press.place == EVERYTHING else asked[press.place - 1 : press.place]
            jobs = content.standing.open_jobs(wanted)
            if not jobs:
                return None
            # The same answer for the same jobs has the same key, whichever button, message or press it comes from.
            says = f"bot:{estimate.estimate_version}:{press.choice}:{','.join(map(str, jobs))}"
            return _Act(press.choice, dict.fromkeys(jobs, _STATES[press.choice]), derived_id(content.subject_id, says))
        case _:
            return None
