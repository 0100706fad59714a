"""PyPI `auth0-python`: people by their passwords. The SDK sends JSON, with nulls and empty texts for what is not set."""

import html
import re
import time

import pytest
import requests
from auth0.authentication import Database, GetToken, RevokeToken, Users
from auth0.authentication.exceptions import Auth0Error
from auth0.authentication.token_verifier import AsymmetricSignatureVerifier, SymmetricSignatureVerifier, TokenVerifier

from support import DOMAIN, HEALTH_API, ISSUER, READY, decode, unique

CONNECTION = "Username-Password-Authentication"
PASSWORD = "a-Long-enough-Passw0rd"
JANE = next(user for user in READY["users"] if user["email"] == "jane@example.com")
REALM = "http://auth0.com/oauth/grant-type/password-realm"


@pytest.fixture
def app(management):
    """An application that takes passwords, as old ones do."""
    client = management.clients.create(
        name=unique("Passwords"),
        app_type="regular_web",
        grant_types=["password", REALM, "refresh_token"],
        refresh_token={"rotation_type": "rotating", "expiration_type": "expiring", "leeway": 0},
    )
    yield client
    management.clients.delete(client.client_id)


@pytest.fixture
def get_token(app):
    return GetToken(DOMAIN, app.client_id, client_secret=app.client_secret)


@pytest.fixture
def database(app):
    return Database(DOMAIN, app.client_id)


def refused(action, status, error, message):
    with pytest.raises(Auth0Error) as caught:
        action()
    assert (caught.value.status_code, caught.value.error_code, caught.value.message) == (status, error, message)


def log_in(get_token, username=JANE["email"], password=JANE["password"], **more):
    return get_token.login(username=username, password=password, realm=CONNECTION, **more)


def new_mail(address):
    """The newest mail to an address, when it is there."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        found = [mail for mail in requests.get(READY["dev"]["inbox"]).json() if mail["to"] == address]
        if found:
            return found[0]
    raise AssertionError(f"no mail to {address}")


def test_login_with_a_realm(app, get_token):
    answer = log_in(get_token, scope="openid email read:patients", audience=HEALTH_API)
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 86400)
    _, payload = decode(answer["access_token"])
    assert (payload["sub"], payload["azp"], payload["gty"]) == (JANE["user_id"], app.client_id, "password")
    assert payload["aud"] == [HEALTH_API, f"{ISSUER}userinfo"]
    assert payload["scope"] == "openid email read:patients"
    assert Users(DOMAIN).userinfo(answer["access_token"])["email"] == JANE["email"]


@pytest.mark.parametrize("alg", ["RS256", "HS256"])
def test_the_id_token_by_the_sdks_verifier(management, app, get_token, alg):
    management.clients.update(app.client_id, jwt_configuration={"alg": alg})
    answer = log_in(get_token, scope="openid profile")
    keys = {
        "RS256": AsymmetricSignatureVerifier(f"{ISSUER}.well-known/jwks.json"),
        "HS256": SymmetricSignatureVerifier(app.client_secret),
    }
    verifier = TokenVerifier(signature_verifier=keys[alg], issuer=ISSUER, audience=app.client_id)
    claims = verifier.verify(answer["id_token"])
    assert (claims["sub"], claims["name"]) == (JANE["user_id"], "Jane Doe")
    assert "nonce" not in claims


def test_the_plain_password_grant_uses_the_default_directory(get_token):
    answer = get_token.login(
        username=JANE["email"], password=JANE["password"], scope="openid", grant_type="password"
    )
    assert "." not in answer["access_token"]
    assert Users(DOMAIN).userinfo(answer["access_token"])["sub"] == JANE["user_id"]


def test_without_a_scope_all_that_the_user_holds(get_token):
    answer = log_in(get_token, audience=HEALTH_API)
    scopes = set(decode(answer["access_token"])[1]["scope"].split())
    assert {"read:patients", "read:admin"} <= scopes and "write:patients" not in scopes


@pytest.mark.parametrize("username", [JANE["email"], "nobody@example.com"])
def test_a_wrong_password_and_nobody_are_told_the_same(get_token, username):
    refused(lambda: log_in(get_token, username, "wrong"), 403, "invalid_grant", "Wrong email or password.")


def test_an_application_that_may_not(management, app, get_token):
    management.clients.update(app.client_id, grant_types=["authorization_code"])
    with pytest.raises(Auth0Error) as caught:
        log_in(get_token)
    assert (caught.value.status_code, caught.value.error_code) == (403, "unauthorized_client")


def test_a_refresh_token_rotates_and_its_reuse_ends_the_family(get_token):
    first = log_in(get_token, scope="openid offline_access read:patients", audience=HEALTH_API)
    second = get_token.refresh_token(first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    assert decode(second["access_token"])[1]["scope"] == "openid offline_access read:patients"
    for token in (first["refresh_token"], second["refresh_token"]):
        refused(
            lambda token=token: get_token.refresh_token(token),
            403,
            "invalid_grant",
            "Unknown or invalid refresh token.",
        )


def test_a_refresh_token_narrows(get_token):
    first = log_in(get_token, scope="openid offline_access read:patients", audience=HEALTH_API)
    narrow = get_token.refresh_token(first["refresh_token"], scope="openid")
    assert decode(narrow["access_token"])[1]["scope"] == "openid"


def test_a_refresh_token_is_revoked(app, get_token):
    answer = log_in(get_token, scope="offline_access", audience=HEALTH_API)
    RevokeToken(DOMAIN, app.client_id, client_secret=app.client_secret).revoke_refresh_token(answer["refresh_token"])
    refused(
        lambda: get_token.refresh_token(answer["refresh_token"]),
        403,
        "invalid_grant",
        "Unknown or invalid refresh token.",
    )


def test_sign_up_and_log_in(management, database, get_token):
    email = f"{unique('new')}@example.com"
    made = database.signup(
        email=email, password=PASSWORD, connection=CONNECTION, given_name="New", user_metadata={"colour": "blue"}
    )
    assert (made["email"], made["email_verified"], made["given_name"]) == (email, False, "New")
    answer = log_in(get_token, email, PASSWORD, scope="openid")
    assert decode(answer["id_token"])[1]["sub"] == f"auth0|{made['_id']}"
    assert management.users.get(f"auth0|{made['_id']}").user_metadata == {"colour": "blue"}
    assert new_mail(email)["links"]
    refused(
        lambda: database.signup(email=email, password=PASSWORD, connection=CONNECTION),
        400,
        "invalid_signup",
        "",  # the SDK does not read `description`
    )
    management.users.delete(f"auth0|{made['_id']}")


def test_a_weak_password_is_no_account(database):
    with pytest.raises(Auth0Error) as caught:
        database.signup(email=f"{unique('weak')}@example.com", password="abc", connection=CONNECTION)
    assert (caught.value.status_code, caught.value.error_code) == (400, "invalid_password")


def test_change_password(management, database, get_token):
    email = f"{unique('forgetful')}@example.com"
    user = management.users.create(connection=CONNECTION, email=email, email_verified=True, password=PASSWORD)
    told = database.change_password(email=email, connection=CONNECTION)
    assert told == "We've just sent you an email to reset your password."
    assert database.change_password(email="nobody@example.com", connection=CONNECTION) == told

    page = requests.get(new_mail(email)["links"][0])
    ticket = html.unescape(re.search(r'name="ticket" value="([^"]+)"', page.text).group(1))
    form = {"ticket": ticket, "password": f"{PASSWORD}2", "password_again": f"{PASSWORD}2"}
    assert requests.post(f"{ISSUER}u/reset-password", data=form).status_code == 200
    refused(lambda: log_in(get_token, email, PASSWORD), 403, "invalid_grant", "Wrong email or password.")
    assert log_in(get_token, email, f"{PASSWORD}2", scope="openid")["id_token"]
    assert requests.post(f"{ISSUER}u/reset-password", data=form).status_code == 400
    management.users.delete(user.user_id)
