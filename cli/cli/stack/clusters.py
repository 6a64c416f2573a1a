"""Which PostgreSQL server holds a service's database."""

from __future__ import annotations

from cli.embedded.postgres import ONE_OF_MANY, EmbeddedPostgres
from cli.stack.leftovers import POSTGRES
from cli.stack.plan import SERVICES
from cli.stack.state import StateDir


class Clusters:
    """The embedded servers of a stack: one for all services, or one each."""

    def __init__(self, state: StateDir, *, per_service: bool) -> None:
        self._per_service = per_service
        self.by_part: dict[str, EmbeddedPostgres] = {}
        for part in dict.fromkeys(map(self.part, SERVICES)):
            self.by_part[part] = EmbeddedPostgres(
                state.root / part,
                settings=ONE_OF_MANY if per_service else None,
                log=state.log(part),
                record=state.record(part),
            )

    def part(self, service: str) -> str:
        """The name of the part that holds this service's database."""
        return f"{service}-{POSTGRES}" if self._per_service else POSTGRES

    def superuser_url(self, service: str) -> str:
        """Of the service's server, on the database `postgres`; the server must have been started once."""
        return self.by_part[self.part(service)].superuser_url
