"""What every test needs: the server as its ready file tells it, and tokens to look into."""

import base64
import json
import os
import time
from itertools import count
from pathlib import Path

READY = json.loads(Path(os.environ["READY_FILE"]).read_text(encoding="utf-8"))
ISSUER = READY["issuer"]
DOMAIN = READY["domain"]
HEALTH_API = "https://example.com/health-api"
LEGACY_API = "https://example.com/legacy-health-api"

_numbers = count(1)


def application(name):
    """An application of the example tenant."""
    return next(app for app in READY["applications"] if app["name"] == name)


def unique(word):
    """A name nobody else uses, so that tests can run twice against one server."""
    return f"{word}-{os.getpid()}-{time.time_ns():x}-{next(_numbers)}"


def _part(text):
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def decode(token):
    """Header and payload of a signed token."""
    header, payload, _signature = token.split(".")
    return _part(header), _part(payload)


def encode(value):
    """One part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def tampered(token, **change):
    """The same token with claims changed and the old signature kept."""
    header, payload, signature = token.split(".")
    return ".".join([header, encode({**_part(payload), **change}), signature])
