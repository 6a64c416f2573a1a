"""The Fluent texts of this package, by language."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fluent.runtime import FluentBundle, FluentResource

from notifier.domain.conventions import LOCALES

type Argument = str | int


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
    formatted, errors = bundle.format_pattern(pattern, arguments)
    if errors:
        raise TextMissing(f"{key} ({locale}): {errors[0]}")
    return str(formatted)


@cache
def _bundle(locale: str) -> FluentBundle:
    if locale not in LOCALES:
        raise TextMissing(locale)
    # Without isolation marks: every reader sees the plain text, and both languages run left to right.
    bundle = FluentBundle([locale], use_isolating=False)
    source = files("notifier.texts").joinpath(f"{locale}.ftl").read_text("utf-8")
    bundle.add_resource(FluentResource(source))
    return bundle
