import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from notifier.domain.linking import LIFETIME, IssuedToken, LinkToken, TokenState, token_hash

NOW = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "used", "state"),
    [
        (timedelta(0), False, TokenState.VALID),
        (LIFETIME - timedelta(microseconds=1), False, TokenState.VALID),
        (LIFETIME, False, TokenState.EXPIRED),
        (timedelta(0), True, TokenState.USED),
        (LIFETIME, True, TokenState.USED),
    ],
)
def test_a_token_is_good_once_and_for_ten_minutes(age: timedelta, used: bool, state: TokenState) -> None:
    token = LinkToken(uuid4(), NOW + LIFETIME, NOW if used else None)
    assert token.state(NOW + age) is state


def test_a_deep_link_holds_a_token_that_telegram_passes_on() -> None:
    issued = IssuedToken.new(NOW)
    assert re.fullmatch(r"https://t\.me/carpass_bot\?start=[A-Za-z0-9_-]{32}", issued.deep_link("carpass_bot"))
    assert issued.expires_at == NOW + timedelta(minutes=10)
    assert issued.token not in repr(issued)


def test_tokens_and_their_hashes_differ() -> None:
    tokens = {IssuedToken.new(NOW).token for _ in range(100)}
    assert len({token_hash(token) for token in tokens}) == len(tokens) == 100
