"""The `carpass` command: each file in `cli/commands` is one command, or one group of commands."""

import importlib
import pkgutil
import sys
from collections.abc import Sequence
from keyword import iskeyword

import typer

from cli import commands
from cli.errors import StackError


def command_names() -> list[str]:
    """What the files in `cli/commands` are called, as one types it."""
    return sorted(module.name.strip("_").replace("_", "-") for module in pkgutil.iter_modules(commands.__path__))


def build(arguments: Sequence[str]) -> typer.Typer:
    """The application; only the command that `arguments` name is imported, for a fast start.

    A command file has `app = typer.Typer()` with one command of the file's name; a group file
    has `app = typer.Typer(name=...)`.
    """
    root = typer.Typer(name="carpass", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    @root.callback()
    def carpass() -> None:
        """CarPass: the trustworthy life history of a car. Start with `./carpass demo` or `./carpass up`."""

    names = command_names()
    named = arguments[0] if arguments else ""
    for name in [named] if named in names else names:
        module = importlib.import_module(f"cli.commands.{_module_of(name)}")
        root.add_typer(module.app)
    return root


def _module_of(name: str) -> str:
    """The file of a command: one whose name is a word of Python's own has a trailing underscore."""
    return f"{name}_" if iskeyword(name) else name.replace("-", "_")


def main() -> None:
    """Run the command line; what a person can put right is told in one sentence."""
    try:
        build(sys.argv[1:])(prog_name="carpass")
    except StackError as error:
        sys.stderr.write(f"carpass: {error}\n")
        sys.exit(1)
