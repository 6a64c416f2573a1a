"""Everything that a stack stores: the records of its topics, the rows of its databases."""

from __future__ import annotations

from collections.abc import Iterable

import asyncpg
from aiokafka import AIOKafkaConsumer

from chassis.consuming.messages import RawRecord
from cli.operations.records import read_topic
from cli.stack.plan import SERVICES
from cli.stack.stack import Stack

_COLUMNS = """
    SELECT c.table_name, c.column_name FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema NOT IN ('pg_catalog', 'information_schema') AND t.table_type = 'BASE TABLE'
"""


async def places_of(stack: Stack, words: Iterable[str | int]) -> dict[str, list[str]]:
    """In which columns of which tables of all databases each of the words or numbers stands, in whatever type."""
    found: dict[str, list[str]] = {str(word): [] for word in words}
    for service in SERVICES:
        connection = await asyncpg.connect(stack.superuser_url(service))
        try:
            for table, column in await connection.fetch(_COLUMNS):
                matching = await connection.fetch(
                    f'SELECT word FROM unnest($1::text[]) word WHERE EXISTS (SELECT FROM "{table}" '  # noqa: S608
                    f"WHERE \"{column}\"::text ILIKE '%' || word || '%' "
                    f"OR \"{column}\"::text ILIKE '%' || encode(convert_to(word, 'UTF8'), 'hex') || '%')",
                    list(found),
                )
                for (word,) in matching:
                    found[word].append(f"{service}.{table}.{column}")
        finally:
            await connection.close()
    return found


async def topic_records(bootstrap: str) -> dict[str, list[tuple[bytes | None, bytes | None, bytes]]]:
    """Key, value and headers of every record there is now, by topic; Kafka's own topics are left out."""
    asking = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await asking.start()
    try:
        topics = sorted(topic for topic in await asking.topics() if not topic.startswith("__"))
    finally:
        await asking.stop()
    return {
        topic: [(record.key, record.value, _headers(record)) async for record in read_topic(bootstrap, topic)]
        for topic in topics
    }


def _headers(record: RawRecord) -> bytes:
    names = ((name if isinstance(name, bytes) else name.encode(), value) for name, value in record.headers)
    return b"\n".join(name + b"=" + (value or b"") for name, value in names)
