"""The Fluent texts of this package, by language."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from fluent.runtime import FluentBundle, FluentResource

from notifier.domain.conventions import LOCALES

type Argument = str | int

_LONGEST_ARGUMENT: Final = 600
"""Fluent refuses what is longer than 1,000 characters, and a message has no room for it."""


class TextMissing(LookupError):  # noqa: N818 - reads as what is wrong
    """A language lacks a text, or a text lacks an argument: a mistake in the .ftl file or beside it."""


def text(locale: str, key: str, /, **arguments: Argument) -> str:
    """The text `message` or `message.attribute` in this language; raises TextMissing."""
    name, _, attribute = key.partition(".")
    bundle = _bundle(locale)
    if not bundle.has_message(name):
        raise TextMissing(f"{key} ({locale})")
    message = bundle.get_message(name)
    pattern = message.attributes.get(attribute) if attribute else message.value
    if pattern is None:
        raise TextMissing(f"{key} ({locale})")
    fitting = {name: shortened(value) if isinstance(value, str) else value for name, value in arguments.items()}
    formatted, errors = bundle.format_pattern(pattern, fitting)
    if errors:
        raise TextMissing(f"{key} ({locale}): {errors[0]}")
    return str(formatted)


def shortened(words: str, longest: int = _LONGEST_ARGUMENT) -> str:
    """Words that take no more than `longest` characters."""
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"


@cache
def _bundle(locale: str) -> FluentBundle:
    if locale not in LOCALES:
        raise TextMissing(locale)
    # Without isolation marks: every reader sees the plain text, and both languages run left to right.
    bundle = FluentBundle([locale], use_isolating=False)
    source = files("notifier.texts").joinpath(f"{locale}.ftl").read_text("utf-8")
    bundle.add_resource(FluentResource(source))
    return bundle
