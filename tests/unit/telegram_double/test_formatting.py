import pytest

from telegram_double.errors import BotApiError
from telegram_double.formatting import format_text


def spans(text: str) -> list[tuple[str, int, int]]:
    formatted = format_text(text, "HTML", None)
    return [(entity["type"], entity["offset"], entity["length"]) for entity in formatted.entities]


@pytest.mark.parametrize(
    ("markup", "text", "expected"),
    [
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("<pre><code class='language-py'>x</code></pre>", "x", [("pre", 0, 1)]),
        (
            "<tg-spoiler>s</tg-spoiler><u>u</u><s>d</s>",
            "sud",
            [("spoiler", 0, 1), ("underline", 1, 1), ("strikethrough", 2, 1)],
        ),
        ("<blockquote expandable>q</blockquote>", "q", [("expandable_blockquote", 0, 1)]),
        ("&lt;b&gt; &amp; &copy; &#1071;", "<b> & &copy; Я", []),
        ("  <b> x </b>  ", "x", [("bold", 0, 1)]),
        ("<b></b>y", "y", []),
        (
            "/cars @anna_k https://x.test/a.",
            "/cars @anna_k https://x.test/a.",
            [("bot_command", 0, 5), ("mention", 6, 7), ("url", 14, 16)],
        ),
        ("<code>/cars</code>", "/cars", [("code", 0, 5)]),
    ],
)
def test_html_is_read_as_telegram_reads_it(markup: str, text: str, expected: list[tuple[str, int, int]]) -> None:
    assert format_text(markup, "HTML", None).text == text
    assert spans(markup) == expected


@pytest.mark.parametrize(
    "markup",
    ["<b>x</i>", "x</b>", "<b>x", "<script>x</script>", "<span>x</span>", "a < b"],
)
def test_markup_telegram_would_not_parse_is_refused(markup: str) -> None:
    with pytest.raises(BotApiError, match="can't parse entities"):
        format_text(markup, "HTML", None)


def test_limit_counts_the_text_without_its_markup() -> None:
    assert len(format_text("<b>" + "x" * 4096 + "</b>", "HTML", None).text) == 4096


def test_plain_text_keeps_what_looks_like_markup() -> None:
    assert format_text("<b>x</b>", "", None).text == "<b>x</b>"
