"""How operations reach an installation: the databases of all services, and Kafka."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cli.errors import StackError
from cli.stack.plan import SERVICES

SECRETS = Path("/run/secrets")


def given_setting(name: str) -> str | None:
    """CARPASS_<NAME> of the environment, else the file of that name in lower case among a container's secrets."""
    variable = f"CARPASS_{name}"
    given = os.environ.get(variable)
    secret = SECRETS / variable.lower()
    return secret.read_text("utf-8").strip() if not given and secret.is_file() else given


@dataclass(frozen=True, repr=False)
class Installation:
    """Connection URLs of each service's owner role, which sees every row, and the broker's address."""

    databases: Mapping[str, str]
    kafka_bootstrap: str

    @classmethod
    def find(cls, state_dir: Path) -> Self:
        """The one that CARPASS_OWNERS_DATABASE_URL and so on name, else the local stack's.

        Raises StackError when some of the variables are missing, or no stack runs.
        """
        given = {service: given_setting(f"{service.upper()}_DATABASE_URL") for service in SERVICES}
        named = {service: url for service, url in given.items() if url}
        if named:
            missing = [f"CARPASS_{service.upper()}_DATABASE_URL" for service in SERVICES if service not in named]
            bootstrap = given_setting("KAFKA_BOOTSTRAP")
            missing += [] if bootstrap else ["CARPASS_KAFKA_BOOTSTRAP"]
            if missing or bootstrap is None:
                raise StackError(f"Set {', '.join(missing)} as well, or none of them for the local stack.")
            return cls(named, bootstrap)
        from cli.stack.running import RunningStack  # noqa: PLC0415 -- not needed for a named installation

        stack = RunningStack.of(state_dir)
        return cls({name: database.owner_url for name, database in stack.databases.items()}, stack.kafka_bootstrap)
