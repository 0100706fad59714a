"""PyPI `auth0-python`: an application that acts as itself. The SDK sends JSON, with nulls for what is not set."""

import time

import pytest
from auth0.authentication import GetToken
from auth0.authentication.exceptions import Auth0Error
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support import DOMAIN, HEALTH_API, ISSUER, decode, unique


def get_token(app, secret=None):
    return GetToken(DOMAIN, app["client_id"], client_secret=secret or app["client_secret"])


def refused(action, status, error, message):
    with pytest.raises(Auth0Error) as caught:
        action()
    assert (caught.value.status_code, caught.value.error_code, caught.value.message) == (status, error, message)


def test_a_token_for_a_granted_api(sync):
    answer = get_token(sync).client_credentials(HEALTH_API)
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 86400
    assert answer["scope"] == "read:patients"
    header, payload = decode(answer["access_token"])
    assert (header["alg"], header["typ"]) == ("RS256", "JWT")
    assert abs(payload.pop("iat") - time.time()) < 30
    assert payload.pop("exp") > time.time() + 86000
    assert payload == {
        "iss": ISSUER,
        "sub": f"{sync['client_id']}@clients",
        "aud": HEALTH_API,
        "scope": "read:patients",
        "gty": "client-credentials",
        "azp": sync["client_id"],
    }


def test_a_wrong_secret(sync):
    wrong = get_token(sync, "wrong")
    refused(lambda: wrong.client_credentials(HEALTH_API), 401, "access_denied", "Unauthorized")


def test_an_api_without_a_grant(machine):
    made = machine()
    app = {"client_id": made.client_id, "client_secret": made.client_secret}
    message = (
        f'Client is not authorized to access "{made.identifier}". You need to create a "client-grant" associated '
        "to this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"
    )
    refused(lambda: get_token(app).client_credentials(made.identifier), 403, "access_denied", message)


def test_an_api_that_does_not_exist(sync):
    audience = "https://example.com/nowhere"
    message = f"Service not enabled within domain: {audience}"
    refused(lambda: get_token(sync).client_credentials(audience), 403, "access_denied", message)


def test_a_grant_that_is_not_enabled_for_the_application(management, machine):
    made = machine(granted=["read:things"])
    management.clients.update(made.client_id, grant_types=["authorization_code"])
    with pytest.raises(Auth0Error) as caught:
        made.token()
    assert (caught.value.status_code, caught.value.error_code) == (403, "unauthorized_client")


@pytest.fixture
def keyed(management):
    """An application that proves itself with a key, and its private key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    credential = {"credential_type": "public_key", "name": "k1", "pem": public.decode(), "alg": "RS256"}
    client = management.clients.create(
        name=unique("Keyed"),
        app_type="non_interactive",
        grant_types=["client_credentials"],
        client_authentication_methods={"private_key_jwt": {"credentials": [credential]}},
    )
    yield client, private.decode()
    management.clients.delete(client.client_id)


def test_private_key_jwt(management, keyed):
    client, key = keyed
    management.client_grants.create(client_id=client.client_id, audience=HEALTH_API, scope=["write:patients"])
    by = GetToken(
        DOMAIN, client.client_id, client_assertion_signing_key=key, client_assertion_signing_alg="RS256"
    )
    _, payload = decode(by.client_credentials(HEALTH_API)["access_token"])
    assert payload["azp"] == client.client_id
    assert payload["scope"] == "write:patients"
