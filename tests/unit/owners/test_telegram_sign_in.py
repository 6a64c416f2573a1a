import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from owners.settings import OwnersSettings
from owners.signin.fields import init_data_fields
from owners.signin.refusal import SignInRefused
from owners.signin.telegram import TelegramVerifier
from tests.unit.owners.telegram_signing import (
    BOT_TOKEN,
    TELEGRAM_KEY,
    init_data,
    mini_app_fields,
    query,
    widget,
    with_hash,
    with_signature,
)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
VERIFIER = TelegramVerifier(bot_token=BOT_TOKEN, public_key=TELEGRAM_KEY.public_key())
OTHER_BOT = "1234567890:AAF-the-token-of-somebody-elses-bot"

# Published by Telegram's community as an example, with the token of a bot that was made for it: both of its proofs
# are real. https://github.com/Telegram-Mini-Apps/init-data-golang
PUBLISHED_TOKEN = "7342037359:AAHI25ES9xCOMPokpYoz-p8XVrZUdygo2J4"
PUBLISHED = (
    "user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%20%2B%20-%20%3F%20%5C%2F%22%2C%22last_name%22%3A%22"
    "Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue%2C%22"
    "allows_write_to_pm%22%3Atrue%2C%22photo_url%22%3A%22https%3A%5C%2F%5C%2Ft.me%5C%2Fi%5C%2Fuserpic%5C%2F320%5C%2F"
    "4FPEE4tmP3ATHa57u6MqTDih13LTOiMoKoLDRG4PnSA.svg%22%7D&chat_instance=8134722200314281151&chat_type=private"
    "&auth_date=1733509682&signature=TYJxVcisqbWjtodPepiJ6ghziUL94-KNpG8Pau-X7oNNLNBM72APCpi_RKiUlBvcqo5L-LAxIc3dnTzcZX"
    "_PDg&hash=a433d8f9847bd6addcc563bff7cc82c89e97ea0d90c11fe5729cae6796a36d73"
)


def without(name: str, text: str) -> str:
    return "&".join(part for part in text.split("&") if not part.startswith(f"{name}="))


@pytest.mark.parametrize("data", [PUBLISHED, without("hash", PUBLISHED)], ids=["hash and signature", "signature alone"])
def test_what_telegram_really_signed_is_accepted(data: str) -> None:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(OwnersSettings().telegram_public_key))
    verifier = TelegramVerifier(bot_token=PUBLISHED_TOKEN, public_key=key)
    proof = verifier.mini_app(data, now=datetime.fromtimestamp(1733509682, UTC))
    assert (proof.telegram_id, proof.display_name) == (279_058_397, "Vladislav + - ? / Kibenko")
    assert proof.language_code == "ru"


@pytest.mark.parametrize("prove", [with_hash, with_signature, lambda fields: with_hash(with_signature(fields))])
def test_every_proof_of_a_mini_app_is_accepted(prove: Callable[[dict[str, str]], dict[str, str]]) -> None:
    proof = VERIFIER.mini_app(query(prove(mini_app_fields(NOW))), now=NOW)
    assert (proof.telegram_id, proof.display_name, proof.signed_at) == (77_001, "Анна Тест", NOW)


def test_login_widget_is_accepted() -> None:
    proof = VERIFIER.login_widget(widget(NOW, photo_url="https://t.me/i/a.jpg", username="anna"), now=NOW)
    assert (proof.telegram_id, proof.display_name, proof.language_code) == (77_001, "Анна", None)


def test_plus_in_a_query_string_is_a_blank() -> None:
    fields = with_hash({**mini_app_fields(NOW), "start_param": "a b"})
    assert VERIFIER.mini_app(query(fields).replace("a%20b", "a+b"), now=NOW).telegram_id == 77_001


def test_one_proof_or_both_is_the_same_sign_in() -> None:
    both = with_hash(with_signature(mini_app_fields(NOW)))
    fingerprint = VERIFIER.mini_app(query(both), now=NOW).fingerprint
    stripped = {name: value for name, value in both.items() if name != "hash"}
    assert VERIFIER.mini_app(query(stripped), now=NOW).fingerprint == fingerprint
    assert VERIFIER.mini_app(query(with_hash(mini_app_fields(NOW))), now=NOW).fingerprint != fingerprint


@pytest.mark.parametrize("seconds", [-300, 0, 30])
def test_age_up_to_five_minutes_and_a_clock_ahead_by_thirty_seconds_are_accepted(seconds: int) -> None:
    at = NOW + timedelta(seconds=seconds)
    assert VERIFIER.mini_app(init_data(at), now=NOW).signed_at == at
    assert VERIFIER.login_widget(widget(at), now=NOW).signed_at == at


@pytest.mark.parametrize("seconds", [-301, 31, -(10**9)])
def test_older_or_later_is_refused(seconds: int) -> None:
    at = NOW + timedelta(seconds=seconds)
    with pytest.raises(SignInRefused):
        VERIFIER.mini_app(init_data(at), now=NOW)
    with pytest.raises(SignInRefused):
        VERIFIER.login_widget(widget(at), now=NOW)


def signed(fields: dict[str, str]) -> str:
    return query(with_hash(fields))


GOOD = with_hash(with_signature(mini_app_fields(NOW)))
FORGED: dict[str, str] = {
    "empty": "",
    "no proof": query(mini_app_fields(NOW)),
    "hash of zeros": query({**mini_app_fields(NOW), "hash": "0" * 64}),
    "hash in capitals": query({**GOOD, "hash": GOOD["hash"].upper()}),
    "hash cut short": query({**GOOD, "hash": GOOD["hash"][:-1]}),
    "hash not hex": query({**GOOD, "hash": "ж" * 64}),
    "empty hash beside a good signature": query({**GOOD, "hash": ""}),
    "bad signature beside a good hash": query(with_hash({**mini_app_fields(NOW), "signature": "A" * 86})),
    "signature with another alphabet": query({**with_signature(mini_app_fields(NOW)), "signature": "+" * 86}),
    "signature for another bot": query(with_signature(mini_app_fields(NOW), bot_id="42")),
    "hash by another bot": query(with_hash(mini_app_fields(NOW), bot_token=OTHER_BOT)),
    "signed by the widget's rule": query({name: str(value) for name, value in widget(NOW).items()}),
    "changed user": query({**GOOD, "user": json.dumps({"id": 1, "first_name": "Eve"})}),
    "changed date": query({**GOOD, "auth_date": str(int(NOW.timestamp()) + 1)}),
    "field added": query({**GOOD, "start_param": "x"}),
    "field taken away": query({name: value for name, value in GOOD.items() if name != "query_id"}),
    "same key twice": query(GOOD) + "&" + query({"user": GOOD["user"]}),
    "hash twice": query(GOOD) + f"&hash={GOOD['hash']}",
    "not ASCII": query(GOOD).replace("query_id", "query_іd"),
    "not ASCII, unescaped": "&".join(f"{name}={value}" for name, value in GOOD.items()),
    "not UTF-8": query(GOOD) + "&x=%ff",
    "no equals sign": query(GOOD) + "&x",
    "empty part": query(GOOD) + "&",
    "fields folded into one": signed({"auth_date": GOOD["auth_date"] + "\nuser=" + GOOD["user"]}),
    "too long": query(GOOD) + "&x=" + "y" * 9_000,
    "megabytes": "a=b&" * 300_000,
    "many fields": signed({**mini_app_fields(NOW), **{f"f{n}": "" for n in range(40)}}),
    "no user": signed({"auth_date": str(int(NOW.timestamp()))}),
    "no date": signed({"user": json.dumps({"id": 1, "first_name": "A"})}),
    "date in words": signed({**mini_app_fields(NOW), "auth_date": "now"}),
    "date with a sign": signed({**mini_app_fields(NOW), "auth_date": f"+{int(NOW.timestamp())}"}),
    "date in Arabic digits": signed({**mini_app_fields(NOW), "auth_date": "١٧٧٢٤٤٣٨٠٠"}),
    "endless date": signed({**mini_app_fields(NOW), "auth_date": "9" * 5_000}),
    "user not JSON": signed({**mini_app_fields(NOW), "user": "{"}),
    "user a list": signed({**mini_app_fields(NOW), "user": "[1]"}),
    "user nested deeply": signed({**mini_app_fields(NOW), "user": "[" * 3_000}),
    "user with two ids": signed({**mini_app_fields(NOW), "user": '{"id": 1, "id": 2, "first_name": "A"}'}),
    "user without an id": signed({**mini_app_fields(NOW), "user": '{"first_name": "A"}'}),
    "id as text": signed({**mini_app_fields(NOW), "user": '{"id": "1", "first_name": "A"}'}),
    "id true": signed({**mini_app_fields(NOW), "user": '{"id": true, "first_name": "A"}'}),
    "id negative": signed({**mini_app_fields(NOW), "user": '{"id": -1, "first_name": "A"}'}),
    "id endless": signed({**mini_app_fields(NOW), "user": f'{{"id": {"9" * 400}, "first_name": "A"}}'}),
    "id NaN": signed({**mini_app_fields(NOW), "user": '{"id": NaN, "first_name": "A"}'}),
    "a bot": signed(mini_app_fields(NOW, is_bot=True)),
    "lone surrogate in the name": signed({**mini_app_fields(NOW), "user": '{"id": 1, "first_name": "\\ud800"}'}),
    "NUL in the name": signed({**mini_app_fields(NOW), "user": '{"id": 1, "first_name": "\\u0000"}'}),
}


@pytest.mark.parametrize("case", FORGED)
def test_what_telegram_did_not_sign_for_this_bot_is_refused(case: str) -> None:
    with pytest.raises(SignInRefused):
        VERIFIER.mini_app(FORGED[case], now=NOW)


WIDGET: dict[str, dict[str, Any]] = {
    "empty": {},
    "no hash": {name: value for name, value in widget(NOW).items() if name != "hash"},
    "hash null": {**widget(NOW), "hash": None},
    "hash a number": {**widget(NOW), "hash": 5},
    "changed id": {**widget(NOW), "id": 1},
    "by another bot": widget(NOW, bot_token=OTHER_BOT),
    "signed by the Mini App's rule": with_hash({"id": "1", "auth_date": str(int(NOW.timestamp()))}),
    "boolean": {**widget(NOW), "is_premium": True},
    "object": {**widget(NOW), "extra": {"deep": []}},
    "float id": {**widget(NOW), "id": 1.5},
    "not ASCII key": {**widget(NOW), "ключ": "x"},
    "endless value": {**widget(NOW), "first_name": "a" * 100_000},
    "endless number": {**widget(NOW), "id": 10**5000},
    "line break in a value": widget(NOW, first_name="A\nid=5"),
}


@pytest.mark.parametrize("case", WIDGET)
def test_what_the_widget_was_not_given_is_refused(case: str) -> None:
    with pytest.raises(SignInRefused):
        VERIFIER.login_widget(WIDGET[case], now=NOW)


@given(st.text())
def test_any_text_is_refused_and_nothing_else_is_raised(text: str) -> None:
    with pytest.raises(SignInRefused):
        VERIFIER.mini_app(text, now=NOW)


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()))
def test_any_fields_are_refused_and_nothing_else_is_raised(fields: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused):
        VERIFIER.login_widget(fields, now=NOW)


@given(st.integers(0, len(query(GOOD)) - 1), st.characters(codec="ascii"))
def test_any_other_character_anywhere_is_refused(place: int, char: str) -> None:
    good = query(GOOD)
    changed = good[:place] + char + good[place + 1 :]
    if _same_fields(changed, good):
        return
    with pytest.raises(SignInRefused):
        VERIFIER.mini_app(changed, now=NOW)


def _same_fields(one: str, other: str) -> bool:
    """A space may be written as + and an escape in capitals or not: the fields, and so the proof, are the same."""
    try:
        return init_data_fields(one) == init_data_fields(other)
    except SignInRefused:
        return False
