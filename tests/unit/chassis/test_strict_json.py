import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.problems import BadRequest
from chassis.strict_json import MAX_DEPTH, check

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    scalars | text,
    lambda inner: st.lists(inner) | st.dictionaries(text, inner),
    max_leaves=100,
)


@given(values, st.booleans())
def test_whatever_a_client_can_mean_is_accepted(value: object, escaped: bool) -> None:
    check(json.dumps(value, ensure_ascii=escaped).encode())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"name": NaN}', id="NaN"),
        pytest.param(b'{"name": Infinity}', id="infinity"),
        pytest.param(b'{"name": -Infinity}', id="minus infinity"),
        pytest.param(b'{"name": 1e400}', id="a float that overflows"),
        pytest.param(b'{"name": -1e400}', id="a negative float that overflows"),
        pytest.param(b'{"name": 1' + b"0" * 400 + b"}", id="an integer of 401 digits"),
        pytest.param(b'{"name": ' + b"9" * 100_000 + b"}", id="an integer of 100,000 digits"),
        pytest.param(b'{"name": 9223372036854775808}', id="2^63"),
        pytest.param(b'{"name": -9223372036854775809}', id="-2^63 - 1"),
        pytest.param(b'{"name": "a", "name": "b"}', id="the same key twice"),
        pytest.param(b'{"n\\u0061me": "a", "name": "b"}', id="the same key twice, once escaped"),
        pytest.param(b'[{"deep": {"name": 1, "name": 1}}]', id="the same key twice, deep inside"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="100,000 lists deep"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="100,000 objects deep"),
        pytest.param(b"[" * 100_000, id="100,000 lists opened only"),
        pytest.param(b"[" * 65 + b"]" * 65, id="one list too deep"),
        pytest.param(b'[{"a":' * 33 + b"1" + b"}]" * 33, id="66 levels of lists and objects by turns"),
        pytest.param(b'{"name": "\\ud800"}', id="a lone leading surrogate"),
        pytest.param(b'{"name": "\\udc00"}', id="a lone trailing surrogate"),
        pytest.param(b'{"\\ud800": 1}', id="a lone surrogate in a key"),
        pytest.param(b'{"name": "\xed\xa0\x80"}', id="a surrogate as UTF-8"),
        pytest.param(b'{"name": "\\u0000"}', id="NUL, escaped"),
        pytest.param(b'{"name": "\\\\\\u0000"}', id="NUL behind an escaped backslash"),
        pytest.param(b'{"name": "\0"}', id="NUL, raw"),
        pytest.param(b'{"a\\u0000": 1}', id="NUL in a key"),
        pytest.param(b'{"name": "\xff"}', id="invalid UTF-8"),
        pytest.param('{"name": "a"}'.encode("utf-16"), id="UTF-16"),
        pytest.param('{"name": "a"}'.encode("utf-32-be"), id="UTF-32 without a mark"),
        pytest.param(b'\xef\xbb\xbf{"name": "a"}', id="a byte order mark"),
        pytest.param(b"{'name': 'a'}", id="single quotes"),
        pytest.param(b'{"name": "a",}', id="a comma too many"),
        pytest.param(b'{"name": "a"} {"name": "b"}', id="two values"),
        pytest.param(b'{"name": "a"', id="cut off"),
        pytest.param(b" ", id="nothing"),
        pytest.param(b"[" * 65 + b'"' + b'\\"' * 200_000, id="a string that never ends, full of quotes"),
    ],
)
def test_what_readers_disagree_about_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        check(body)
    assert refused.value.slug == "bad-json"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, id="exactly as deep as allowed"),
        pytest.param(b"[" + b"[]," * 1000 + b"[]]", id="wide, with more brackets than the limit on depth"),
        pytest.param(json.dumps(["[" * 200, '"{' * 200]).encode(), id="brackets and quotes in strings"),
        pytest.param(b'{"name": "\\\\u0000"}', id="a backslash and the text u0000"),
        pytest.param(b'{"name": "\\ud83d\\ude97"}', id="a surrogate pair"),
        pytest.param(b"9223372036854775807", id="the largest 64-bit integer"),
        pytest.param(b"1e308", id="a large float"),
    ],
)
def test_the_unusual_but_clear_is_accepted(body: bytes) -> None:
    check(body)
