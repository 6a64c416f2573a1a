import uuid
from base64 import urlsafe_b64decode

import pytest

from cli.embedded.kafka import new_cluster_id


@pytest.mark.parametrize("first", [0x00, 0x7F, 0xF8, 0xFB, 0xFF])
def test_cluster_id_is_16_bytes_and_no_option(monkeypatch: pytest.MonkeyPatch, first: int) -> None:
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=bytes([first] * 16)))
    cluster_id = new_cluster_id()
    assert len(urlsafe_b64decode(cluster_id + "==")) == 16
    assert not cluster_id.startswith("-")


def test_cluster_ids_differ() -> None:
    assert new_cluster_id() != new_cluster_id()
