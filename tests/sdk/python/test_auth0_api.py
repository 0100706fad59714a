"""PyPI `auth0-api-python`: somebody else's API takes our good token and refuses the others."""

import asyncio
import time

import pytest
from auth0_api_python import ApiClient, ApiClientOptions
from auth0_api_python.errors import BaseAuthError

from support import DOMAIN, HEALTH_API, decode, encode, tampered


def verify(token, audience=HEALTH_API):
    api = ApiClient(ApiClientOptions(domain=DOMAIN, audience=audience))
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return asyncio.run(api.verify_request(headers))


def refused(token, words, audience=HEALTH_API):
    with pytest.raises(BaseAuthError) as caught:
        verify(token, audience)
    assert caught.value.get_status_code() in (400, 401)
    assert words in caught.value.get_error_description()


def test_the_good_token(sync, sync_token):
    claims = verify(sync_token)
    assert claims == decode(sync_token)[1]
    assert claims["azp"] == sync["client_id"]
    assert claims["scope"] == "read:patients"


def test_no_token():
    refused(None, "")


def test_a_token_of_another_api(machine):
    refused(machine(granted=["read:things"]).token(), "Audience mismatch")


def test_the_good_token_at_another_api(sync_token):
    refused(sync_token, "Audience mismatch", audience="https://example.com/other")


def test_a_changed_token(sync_token):
    refused(tampered(sync_token, scope="read:patients write:patients"), "Signature verification failed")


def test_an_unsigned_token(sync_token):
    _, payload, _ = sync_token.split(".")
    header = encode({**decode(sync_token)[0], "alg": "none"})
    refused(f"{header}.{payload}.", "Signature verification failed")


def test_a_token_of_an_hs256_api(machine):
    made = machine(granted=["read:things"], signing_alg="HS256")
    refused(made.token(), "Symmetric algorithm 'HS256' is not supported", audience=made.identifier)


def test_a_token_of_rfc_9068(machine):
    made = machine(granted=["read:things"], token_dialect="rfc9068_profile")
    claims = verify(made.token(), audience=made.identifier)
    assert claims["client_id"] == made.client_id


def test_an_expired_token(sync_token, monkeypatch):
    # The SDK reads the clock of this process, so this clock is moved past the token's end.
    end = decode(sync_token)[1]["exp"]
    monkeypatch.setattr(time, "time", lambda: end + 60)
    refused(sync_token, "Token is expired")
