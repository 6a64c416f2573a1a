"""What routes of this service need beside the chassis: time, timers, and what sign-ins are checked and signed with."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Annotated, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import Depends, Request

from chassis.clock import Clock
from chassis.db import Database
from chassis.settings import SettingMissing
from chassis.timers import Timers
from owners.exchange.sandbox import Reader
from owners.ocr.sandbox import Eye
from owners.settings import OwnersSettings
from owners.signin.keys import KeyFolder, KeyRing
from owners.signin.telegram import TelegramVerifier


class OwnersContext:
    """One per application. Secrets are read at their first use, so that the API can be described without them."""

    def __init__(self, settings: OwnersSettings, clock: Clock, database: Database, timers: Timers) -> None:
        self.clock = clock
        self.database = database
        self.timers = timers
        self._settings = settings

    def demand_secrets(self) -> None:
        """Raises SettingMissing or NoSigningKey rather at the start than at the first sign-in."""
        _ = self.telegram, self.keys, self.notifier_credential

    @cached_property
    def telegram(self) -> TelegramVerifier:
        """The verifier of sign-ins to our bot."""
        public_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self._settings.telegram_public_key))
        return TelegramVerifier(bot_token=self._settings.required("telegram_bot_token"), public_key=public_key)

    @cached_property
    def reader(self) -> Reader:
        """What reads files, a few at a time."""
        return Reader()

    @cached_property
    def eye(self) -> Eye:
        """What looks at images, one at a time."""
        return Eye(self._settings.tesseract)

    @property
    def keys(self) -> KeyRing:
        """The keys of access tokens, as they are now."""
        return self._key_folder.ring

    @cached_property
    def _key_folder(self) -> KeyFolder:
        if self._settings.signing_keys_dir is None:
            raise SettingMissing("signing_keys_dir")
        return KeyFolder(self._settings.signing_keys_dir)

    @cached_property
    def notifier_credential(self) -> bytes:
        """What notifier proves itself with."""
        return self._settings.required("notifier_credential").encode()


async def _context(request: Request) -> OwnersContext:
    return cast("OwnersContext", request.app.state.owners)


Owners = Annotated[OwnersContext, Depends(_context)]


async def _now(context: Owners) -> datetime:
    return context.clock()


Now = Annotated[datetime, Depends(_now)]


async def _timers(context: Owners) -> Timers:
    return context.timers


AccessTimers = Annotated[Timers, Depends(_timers)]
