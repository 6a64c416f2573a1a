"""Telegram's formatted text: the HTML parse mode, entities in UTF-16 units, the limits of a message."""

import html
import re
from dataclasses import dataclass, field
from typing import Any

from telegram_double.errors import bad_request

TEXT_LIMIT = 4096

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_TOKEN = re.compile(r"<(?P<tag>/?[^<>]*)>|&(?P<reference>lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);|(?P<text>[^<&]+|&|<)")
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""")
_FOUND_IN_TEXT = re.compile(
    r"(?P<url>https?://[^\s<>]+[^\s<>.,;:!?)])|(?P<bot_command>(?<![\w/<])/[A-Za-z0-9_]{1,32})|(?P<mention>(?<!\w)@[A-Za-z]\w{3,31})"
)


@dataclass(frozen=True)
class FormattedText:
    """Text without markup, and where its formatting lies (offsets and lengths in UTF-16 code units)."""

    text: str
    entities: list[dict[str, Any]] = field(default_factory=list)


def utf16_length(text: str) -> int:
    """How many UTF-16 code units the text takes, the unit of every entity."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def format_text(text: str, parse_mode: str, entities: list[dict[str, Any]] | None) -> FormattedText:
    """The message that Telegram would show; raises its 400 for broken markup or an empty or too long text."""
    if not text:
        raise bad_request("message text is empty")
    mode = parse_mode.lower()
    if mode == "html":
        formatted = _parse_html(text)
    elif mode == "":
        formatted = FormattedText(text, list(entities or []))
    elif mode in {"markdown", "markdownv2"}:
        raise bad_request("the double of the Bot API reads parse_mode HTML only")
    else:
        raise bad_request("unsupported parse_mode")
    formatted = _trimmed(formatted)
    if not formatted.text:
        raise bad_request("text must be non-empty")
    if len(formatted.text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return FormattedText(formatted.text, found_entities(formatted.text, formatted.entities))


def found_entities(text: str, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The given entities and those Telegram finds by itself (commands, links, mentions), in order."""
    taken = [(entity["offset"], entity["offset"] + entity["length"]) for entity in given if _is_opaque(entity)]
    found = []
    for match in _FOUND_IN_TEXT.finditer(text):
        offset, length = utf16_length(text[: match.start()]), utf16_length(match.group())
        if not any(start < offset + length and offset < end for start, end in taken):
            found.append({"type": match.lastgroup, "offset": offset, "length": length})
    return sorted([*given, *found], key=lambda entity: (entity["offset"], -entity["length"]))


def _is_opaque(entity: dict[str, Any]) -> bool:
    return entity["type"] in {"text_link", "code", "pre", "url", "bot_command", "mention", "text_mention"}


def _trimmed(formatted: FormattedText) -> FormattedText:
    text = formatted.text.rstrip()
    lead = utf16_length(text) - utf16_length(text.lstrip())
    text = text.lstrip()
    length = utf16_length(text)
    entities = []
    for entity in formatted.entities:
        start = min(max(entity["offset"] - lead, 0), length)
        end = min(max(entity["offset"] + entity["length"] - lead, 0), length)
        if end > start:
            entities.append({**entity, "offset": start, "length": end - start})
    return FormattedText(text, entities)


@dataclass
class _OpenTag:
    name: str
    entity: dict[str, Any]


class _HtmlReader:
    """Reads the small HTML dialect of the Bot API, with the words of its errors."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.parts: list[str] = []
        self.offset = 0
        self.open: list[_OpenTag] = []
        self.entities: list[dict[str, Any]] = []

    def read(self) -> FormattedText:
        for match in _TOKEN.finditer(self.source):
            if match["tag"] is not None:
                at = len(self.source[: match.start()].encode())
                if match["tag"].startswith("/"):
                    self._end(match["tag"][1:].strip().lower(), at)
                else:
                    self._start(match["tag"], at)
            elif match["text"] == "<":
                raise bad_request("can't parse entities: Unclosed start tag")
            else:
                self._write(html.unescape(match.group()) if match["reference"] else match["text"])
        if self.open:
            name = self.open[-1].name
            raise bad_request(f"can't parse entities: Can't find end tag corresponding to start tag \"{name}\"")
        return FormattedText("".join(self.parts), self.entities)

    def _write(self, text: str) -> None:
        self.parts.append(text)
        self.offset += utf16_length(text)

    def _start(self, tag: str, at: int) -> None:
        name, _, rest = tag.strip().partition(" ")
        name = name.lower()
        attributes = {key.lower(): html.unescape(a or b or c) for key, a, b, c in _ATTRIBUTE.findall(rest)}
        if name not in _TAGS:
            raise bad_request(f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {at}')
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise bad_request(f'can\'t parse entities: Tag "span" must have class "tg-spoiler" at byte offset {at}')
        entity: dict[str, Any] = {"type": _TAGS[name], "offset": self.offset}
        if name == "a" and attributes.get("href"):
            entity["url"] = attributes["href"]
        elif name == "code" and attributes.get("class", "").startswith("language-"):
            entity["language"] = attributes["class"].removeprefix("language-")
        elif name == "blockquote" and "expandable" in rest.lower():
            entity["type"] = "expandable_blockquote"
        self.open.append(_OpenTag(name, entity))

    def _end(self, name: str, at: int) -> None:
        if not self.open:
            raise bad_request(f"can't parse entities: Unexpected end tag at byte offset {at}")
        tag = self.open.pop()
        if name and name != tag.name:
            raise bad_request(
                f"can't parse entities: Unmatched end tag at byte offset {at}, "
                f'expected "</{tag.name}>", found "</{name}>"'
            )
        length = self.offset - tag.entity["offset"]
        if length == 0 or (tag.name == "a" and "url" not in tag.entity):
            return
        if tag.name == "code" and self.open and self.open[-1].name == "pre":
            if "language" in tag.entity:
                self.open[-1].entity["language"] = tag.entity["language"]
            return
        if tag.name == "code":
            tag.entity.pop("language", None)
        self.entities.append({**tag.entity, "length": length})


def _parse_html(source: str) -> FormattedText:
    return _HtmlReader(source).read()
