"""Fixtures: the Management API, and machines made for one test."""

from dataclasses import dataclass

import pytest
from auth0.authentication import GetToken
from auth0.management import ManagementClient
from auth0.management.types import ResourceServerScope

from support import DOMAIN, READY, application, unique


@pytest.fixture(scope="session")
def management():
    """The Management API, reached with the application that may do everything."""
    own = READY["management"]
    return ManagementClient(domain=DOMAIN, client_id=own["client_id"], client_secret=own["client_secret"])


@dataclass
class Machine:
    """An application that acts as itself, and the API it may or may not call."""

    client_id: str
    client_secret: str
    identifier: str
    api: object

    def token(self):
        """An access token for its API."""
        by = GetToken(DOMAIN, self.client_id, client_secret=self.client_secret)
        return by.client_credentials(self.identifier)["access_token"]


@pytest.fixture
def machine(management):
    """Makes an API, an application and, where scopes are given, the grant that joins them."""
    made = []

    def make(granted=None, **api):
        identifier = f"https://example.com/{unique('things')}"
        scopes = [ResourceServerScope(value=value) for value in ("read:things", "write:things")]
        server = management.resource_servers.create(identifier=identifier, name="Things", scopes=scopes, **api)
        client = management.clients.create(
            name=unique("Machine"), app_type="non_interactive", grant_types=["client_credentials"]
        )
        if granted is not None:
            management.client_grants.create(client_id=client.client_id, audience=identifier, scope=granted)
        made.append((server.id, client.client_id))
        return Machine(client.client_id, client.client_secret, identifier, server)

    yield make
    for server, client in made:
        management.clients.delete(client)
        management.resource_servers.delete(server)


@pytest.fixture(scope="session")
def sync():
    """The example tenant's machine, which may read patients."""
    return application("Health Sync")


@pytest.fixture(scope="session")
def sync_token(sync):
    """Its token for the Health API."""
    by = GetToken(DOMAIN, sync["client_id"], client_secret=sync["client_secret"])
    return by.client_credentials("https://example.com/health-api")["access_token"]
