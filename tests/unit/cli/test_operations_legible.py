import pytest

from cli.operations.legible import Legible, legible, printable


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, Legible("null", None)),
        (b"", Legible("text", "")),
        ("Волга".encode(), Legible("text", "Волга")),
        (b"\xff\x00", Legible("hex", "ff00")),
        (b"\x1b[2J", Legible("hex", "1b5b324a")),
    ],
    ids=["null", "empty", "text", "bytes", "terminal control"],
)
def test_bytes_are_text_where_all_of_it_can_be_printed_and_hex_elsewhere(
    content: bytes | None, expected: Legible
) -> None:
    assert legible(content) == expected


def test_json_is_decoded_when_asked_for() -> None:
    assert legible(b'{"a": [1]}', parse=True) == Legible("json", {"a": [1]})
    assert legible(b'{"a": [1]}') == Legible("text", '{"a": [1]}')


@pytest.mark.parametrize("content", [b"NaN", b'{"a": NaN}', b"[" * 5000, b'{"a": '], ids=["NaN", "in", "deep", "cut"])
def test_what_is_not_strictly_json_stays_text(content: bytes) -> None:
    assert legible(content, parse=True).encoding == "text"


def test_control_characters_within_json_do_not_reach_the_terminal() -> None:
    assert "\x9b" not in str(legible('{"a": "\x9b2J"}'.encode(), parse=True))
    assert "\x1b" not in printable("reason \x1b[2J\n")
