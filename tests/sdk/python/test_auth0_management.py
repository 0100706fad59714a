"""PyPI `auth0-python`: the Management API. The SDK checks every answer against its models."""

import pytest
from auth0.management import ManagementClient
from auth0.management.core.api_error import ApiError
from auth0.management.errors import BadRequestError, ConflictError, ForbiddenError, NotFoundError
from auth0.management.types import ResourceServerScope

from support import DOMAIN, HEALTH_API, ISSUER, READY, unique


def text(body, key):
    return body[key] if isinstance(body, dict) else getattr(body, key)


def test_an_api_lives_from_create_to_delete(management):
    identifier = f"https://example.com/{unique('api')}"
    scopes = [ResourceServerScope(value="read:birds", description="Look at birds")]
    created = management.resource_servers.create(identifier=identifier, name="Birds", scopes=scopes)
    assert (created.identifier, created.name, created.signing_alg) == (identifier, "Birds", "RS256")
    assert created.token_lifetime == 86400
    assert [scope.value for scope in created.scopes] == ["read:birds"]

    assert management.resource_servers.get(created.id).id == created.id
    assert management.resource_servers.get(identifier).id == created.id
    updated = management.resource_servers.update(created.id, name="More birds")
    assert updated.name == "More birds"
    assert [scope.value for scope in updated.scopes] == ["read:birds"]

    listed = [api.identifier for api in management.resource_servers.list(per_page=2)]
    assert identifier in listed and HEALTH_API in listed
    assert len(listed) == len(set(listed))

    management.resource_servers.delete(created.id)
    with pytest.raises(NotFoundError) as caught:
        management.resource_servers.get(created.id)
    assert text(caught.value.body, "message") == "The resource server does not exist"


def test_an_application_lives_from_create_to_delete(management):
    name = unique("App")
    created = management.clients.create(name=name, app_type="non_interactive")
    assert created.client_secret
    assert management.clients.get(created.client_id).name == name
    assert management.clients.update(created.client_id, description="of a test").description == "of a test"
    assert created.client_id in [client.client_id for client in management.clients.list(per_page=3)]
    management.clients.delete(created.client_id)
    with pytest.raises(NotFoundError) as caught:
        management.clients.get(created.client_id)
    assert text(caught.value.body, "message") == "The client does not exist"


def test_a_client_grant_lives_from_create_to_delete(management, machine):
    made = machine()
    grant = management.client_grants.create(
        client_id=made.client_id, audience=made.identifier, scope=["read:things"]
    )
    assert grant.id.startswith("cgr_")
    with pytest.raises(ConflictError):
        management.client_grants.create(client_id=made.client_id, audience=made.identifier, scope=[])
    listed = list(management.client_grants.list(client_id=made.client_id))
    assert [entry.id for entry in listed] == [grant.id]
    assert management.client_grants.update(grant.id, scope=["write:things"]).scope == ["write:things"]
    management.client_grants.delete(grant.id)
    assert list(management.client_grants.list(client_id=made.client_id)) == []


def test_the_management_api_is_an_api(management):
    system = management.resource_servers.get(READY["management"]["audience"])
    assert (system.identifier, system.name, system.is_system) == (f"{ISSUER}api/v2/", "Auth0 Management API", True)


def test_settings_keys_and_logs_can_be_read(management):
    assert management.tenants.settings.get().session_lifetime
    assert [key.current for key in management.keys.signing.list()].count(True) == 1
    events = management.logs.list(per_page=5).items
    assert events and management.logs.get(events[0].log_id)


def test_a_refused_body_names_what_is_wrong(management):
    with pytest.raises(BadRequestError) as caught:
        management.clients.create(name="Bad", app_type="toaster")
    assert "app_type" in text(caught.value.body, "message")


def test_a_token_without_the_scope_is_refused(management, machine):
    made = machine()
    management.client_grants.create(
        client_id=made.client_id, audience=READY["management"]["audience"], scope=["read:clients"]
    )
    narrow = ManagementClient(domain=DOMAIN, client_id=made.client_id, client_secret=made.client_secret)
    assert narrow.clients.list().items
    with pytest.raises(ForbiddenError) as caught:
        narrow.clients.delete(made.client_id)
    assert text(caught.value.body, "message") == "Insufficient scope, expected any of: delete:clients"


def test_another_apis_token_is_refused(sync_token):
    stranger = ManagementClient(domain=DOMAIN, token=sync_token)
    with pytest.raises(ApiError) as caught:
        stranger.clients.list()
    assert caught.value.status_code == 401
