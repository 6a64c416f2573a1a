"""Makes a service's database and its three roles, none of which can enter another service's database."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg

ROLES = ("owner", "api", "worker")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")
_SCRAM_ITERATIONS = 4096
_UNPRIVILEGED = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
_LOCK_KEY = 0x0CA2_9A55
_TIMEOUT = 30.0


@dataclass(frozen=True, repr=False)
class RolePasswords:
    """The passwords of `<service>_owner`, `<service>_api` and `<service>_worker`."""

    owner: str
    api: str
    worker: str


@dataclass(frozen=True, repr=False)
class ServiceDatabase:
    """One database and the URLs of the roles that may connect to it."""

    name: str
    owner_url: str
    api_url: str
    worker_url: str

    @classmethod
    def at(cls, admin_url: str, service: str, passwords: RolePasswords, name: str | None = None) -> "ServiceDatabase":
        """The URLs on the server of `admin_url`; database `name`, which is `service` when not given."""
        database = name or service
        urls = [_connection_url(admin_url, f"{service}_{role}", getattr(passwords, role), database) for role in ROLES]
        return cls(database, *urls)


def password_of(url: str) -> str:
    """The password in a connection URL; ValueError when there is none."""
    password = urlsplit(url).password
    if not password:
        raise ValueError("the connection URL has no password")
    return unquote(password)


async def provision(admin_url: str, service: str, passwords: RolePasswords) -> ServiceDatabase:
    """Create or repair the roles and the database of `service`; safe to run again and at the same time."""
    return await provision_as(admin_url, service, passwords, database=service)


async def provision_as(admin_url: str, service: str, passwords: RolePasswords, *, database: str) -> ServiceDatabase:
    """As `provision`, with a database that has a name of its own."""
    owner, api, worker = roles = [_quoted(f"{service}_{role}") for role in ROLES]
    name = _quoted(database)
    async with _exclusive(admin_url) as admin:
        for role, role_name in zip(roles, ROLES, strict=True):
            await _ensure_role(admin, role, getattr(passwords, role_name))
        if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await _allow_handing_over(admin, owner)
            await admin.execute(f"CREATE DATABASE {name} OWNER {owner}")
        await _restrict(admin, name, roles)
    inside = await _connect(_with_database(admin_url, database))
    try:
        await inside.execute(f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {api}, {worker}")
        await inside.execute(f"GRANT USAGE ON SCHEMA public TO {api}, {worker}")
    finally:
        await inside.close(timeout=_TIMEOUT)
    return ServiceDatabase.at(admin_url, service, passwords, database)


async def clone_database(admin_url: str, template: str, name: str) -> None:
    """Copy database `template`, which nobody may be connected to, with its owner and its restrictions."""
    admin = await _connect(admin_url)
    try:
        owner = await admin.fetchval(
            "SELECT rolname FROM pg_database JOIN pg_roles r ON r.oid = datdba WHERE datname = $1", template
        )
        # WAL_LOG: a template is a few megabytes, and FILE_COPY forces two checkpoints on the whole server.
        await admin.execute(
            f"CREATE DATABASE {_quoted(name)} OWNER {_quoted(owner)} TEMPLATE {_quoted(template)} STRATEGY WAL_LOG"
        )
        grantees = await admin.fetch(
            "SELECT DISTINCT r.rolname FROM pg_database, aclexplode(datacl) a "
            "JOIN pg_roles r ON r.oid = a.grantee WHERE datname = $1",
            template,
        )
        # PostgreSQL copies neither the owner nor the grants of the database itself.
        await _restrict(admin, _quoted(name), [_quoted(row["rolname"]) for row in grantees])
    finally:
        await admin.close(timeout=_TIMEOUT)


async def drop_database(admin_url: str, name: str) -> None:
    """Remove a database and end whatever is connected to it; nothing happens when there is none."""
    admin = await _connect(admin_url)
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")
    finally:
        await admin.close(timeout=_TIMEOUT)


async def _connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url, timeout=_TIMEOUT, command_timeout=_TIMEOUT)


@asynccontextmanager
async def _exclusive(admin_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that holds the lock: two at once would fail with `tuple concurrently updated`."""
    admin = await _connect(admin_url)
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", _LOCK_KEY)
        yield admin
    finally:
        await admin.close(timeout=_TIMEOUT)


async def _ensure_role(admin: asyncpg.Connection, role: str, password: str) -> None:
    privileged = await admin.fetchval(
        "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls "
        "FROM pg_roles WHERE rolname = $1",
        role.strip('"'),
    )
    verb = "CREATE" if privileged is None else "ALTER"
    # Only a superuser may so much as name these attributes in ALTER ROLE.
    withdrawn = _UNPRIVILEGED if privileged is not False else ""
    await admin.execute(f"{verb} ROLE {role} LOGIN {withdrawn} PASSWORD '{scram_verifier(password)}'")


async def _allow_handing_over(admin: asyncpg.Connection, owner: str) -> None:
    """An administrator who is no superuser may give a database only to a role it is a member of."""
    if not await admin.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        await admin.execute(f"GRANT {owner} TO CURRENT_USER")


async def _restrict(admin: asyncpg.Connection, database: str, roles: Sequence[str]) -> None:
    await admin.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
    await admin.execute(f"GRANT CONNECT ON DATABASE {database} TO {', '.join(roles)}")


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """What PostgreSQL stores for a password (RFC 5803), so that the password itself reaches no server log."""
    used_salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), used_salt, _SCRAM_ITERATIONS)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    text = [base64.b64encode(value).decode() for value in (used_salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${_SCRAM_ITERATIONS}:{text[0]}${text[1]}:{text[2]}"


def _quoted(identifier: str) -> str:
    if not _NAME.fullmatch(identifier):
        raise ValueError(f"{identifier!r} is not a name for a role or database")
    return f'"{identifier}"'


def _connection_url(admin_url: str, role: str, password: str, database: str) -> str:
    parts = urlsplit(admin_url)
    address = parts.netloc.rpartition("@")[2]
    credentials = f"{quote(role, safe='')}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{credentials}@{address}", path=f"/{database}"))


def _with_database(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
