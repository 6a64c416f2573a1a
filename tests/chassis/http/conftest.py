import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI

from chassis.auth import LocalKeys
from chassis.db import Database
from chassis.provision import ServiceDatabase
from chassis.settings import ServiceSettings
from tests.chassis.http import things
from tests.chassis.http.people import KID, NewPerson, Person
from tests.support.databases import TestDatabases

NOBODY = "127.0.0.1:9"


@pytest.fixture(scope="session")
def signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
def new_person(signing_key: Ed25519PrivateKey) -> NewPerson:
    return lambda: Person.signed_in(signing_key)


@pytest.fixture
def person(new_person: NewPerson) -> Person:
    return new_person()


@pytest.fixture(scope="session")
async def things_database(test_databases: TestDatabases) -> AsyncIterator[ServiceDatabase]:
    made = await test_databases.create("things", things.MIGRATIONS)
    yield made
    await test_databases.drop(made)


@pytest.fixture
async def owner(things_database: ServiceDatabase) -> AsyncIterator[Database]:
    """Sees everything: what a test finds out, or lets happen, behind the API."""
    database = Database(things_database.owner_url, pool_size=2, application_name="test-owner")
    yield database
    await database.dispose()


@pytest.fixture
async def database(things_database: ServiceDatabase) -> AsyncIterator[Database]:
    database = Database(
        things_database.api_url,
        pool_size=8,
        application_name="test-api",
        acquire_timeout=timedelta(seconds=20),
    )
    yield database
    await database.dispose()


@pytest.fixture
def settings() -> ServiceSettings:
    return ServiceSettings(read_model_patience=2.0)


@pytest.fixture
def app(settings: ServiceSettings, database: Database, signing_key: Ed25519PrivateKey) -> FastAPI:
    return things.build(settings, database, LocalKeys({KID: signing_key.public_key()}))


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://things") as client:
        yield client


def _jwks(key: Ed25519PrivateKey) -> bytes:
    x = base64.urlsafe_b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).rstrip(b"=").decode()
    return orjson.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": KID, "x": x}]})


@pytest.fixture
async def own_database(test_databases: TestDatabases) -> AsyncIterator[ServiceDatabase]:
    made = await test_databases.create("things", things.MIGRATIONS)
    yield made
    await test_databases.drop(made)


@pytest.fixture
def environment(own_database: ServiceDatabase, signing_key: Ed25519PrivateKey, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "jwks.json").write_bytes(_jwks(signing_key))
    return {
        "CARPASS_DATABASE_OWNER_URL": own_database.owner_url,
        "CARPASS_DATABASE_API_URL": own_database.api_url,
        "CARPASS_DATABASE_WORKER_URL": own_database.worker_url,
        "CARPASS_KAFKA_BOOTSTRAP": NOBODY,
        "CARPASS_JWKS_URL": f"http://{NOBODY}/",
        "CARPASS_STATE_DIR": str(tmp_path),
        "CARPASS_SHUTDOWN_ANNOUNCE": "0",
    }
