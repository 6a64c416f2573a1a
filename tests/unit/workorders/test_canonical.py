"""What is hashed is canonical JSON (RFC 8785), whatever people write into an order."""

import hashlib

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from workorders.canonical import seal

_KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
_SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner), max_leaves=20)


@given(st.dictionaries(_KEYS, _VALUES))
def test_sealed_text_is_what_rfc_8785_asks_for(content: dict[str, object]) -> None:
    document = seal(content)
    canonical = rfc8785.dumps(content)  # type: ignore[arg-type]  # its own recursive type
    assert document.text.encode() == canonical
    assert document.sha256 == hashlib.sha256(canonical).hexdigest()


@pytest.mark.parametrize("beyond", [2**53, -(2**53)])
def test_integers_that_json_readers_would_round_are_refused(beyond: int) -> None:
    with pytest.raises(TypeError, match="53-bit"):
        seal({"total_minor": beyond})
