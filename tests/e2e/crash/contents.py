"""What a service's database holds, as one checksum a table."""

import asyncpg

_BOOKKEEPING = frozenset({"inbox", "consumer_progress", "idempotency_key", "dead_letter"})
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


async def checksums(url: str) -> dict[str, str]:
    """Of every table but those that say what was received when, and what of it meant nothing."""
    connection = await asyncpg.connect(url, timeout=60)
    try:
        tables = [row["tablename"] for row in await connection.fetch(_TABLES)]
        return {table: await _checksum(connection, table) for table in tables if table not in _BOOKKEEPING}
    finally:
        await connection.close()


async def forget_what_was_received(url: str) -> None:
    """As if every inbox row were older than the thirty days for which they are kept."""
    connection = await asyncpg.connect(url, timeout=60)
    try:
        await connection.execute("DELETE FROM inbox")
    finally:
        await connection.close()


async def _checksum(connection: asyncpg.Connection, table: str) -> str:
    rows = f"SELECT md5(string_agg(row_text, '' ORDER BY row_text)) FROM (SELECT t::text AS row_text FROM {table} t) r"  # noqa: S608
    return f"{await connection.fetchval(f'SELECT count(*) FROM {table}')} rows, {await connection.fetchval(rows)}"  # noqa: S608
