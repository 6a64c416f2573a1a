import time
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chassis import auth
from chassis.problems import Unauthenticated


class WithdrawableKeys:
    def __init__(self, key: Ed25519PublicKey) -> None:
        self.known: Ed25519PublicKey | None = key

    async def key(self, kid: str) -> Ed25519PublicKey | None:
        return self.known if kid == "leaked" else None


async def test_a_withdrawn_key_ends_a_token_that_claims_to_last_for_years(monkeypatch: pytest.MonkeyPatch) -> None:
    signing = Ed25519PrivateKey.generate()
    claims = {"iss": auth.ISSUER, "aud": auth.AUDIENCE, "sub": str(uuid4()), "sid": str(uuid4()), "exp": 4_000_000_000}
    token = jwt.encode(claims, signing, algorithm="EdDSA", headers={"kid": "leaked", "typ": auth.TOKEN_TYPE})
    keys = WithdrawableKeys(signing.public_key())
    verifier = auth.TokenVerifier(keys)
    await verifier.verify(token)
    keys.known = None
    await verifier.verify(token)  # remembered: 128 us saved
    later = time.time() + auth.REMEMBERED_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)
