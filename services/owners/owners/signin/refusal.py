from __future__ import annotations

from chassis.problems import Unauthenticated


class SignInRefused(Unauthenticated):
    """The proof of a Telegram sign-in does not hold (401). It says what to do, never what nearly held."""

    slug = "sign-in-refused"
    title = "Sign-in refused"
    detail = "This is not a valid sign-in by Telegram for this bot. Open the app from Telegram again."


class SessionEnded(Unauthenticated):
    """The refresh token is unknown, used, expired or withdrawn (401)."""

    slug = "session-ended"
    title = "Session ended"
    detail = "The session has ended. Sign in with Telegram again."
