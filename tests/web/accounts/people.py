"""What the tests of the accounts do as people do: sign in, show codes, sign."""

import re
from base64 import b32decode
from typing import Any

from django.test import Client
from django_otp.oath import TOTP

from gradatim.web.accounts.models import AppDevice, User
from tests.markup import markup
from tests.web.conftest import PASSWORD

LOCAL = "127.0.0.1"


def account(name: str) -> User:
    """Give an account as it is kept now."""
    return User.objects.get(username=name)


def sign_in(
    name: str, password: str = PASSWORD, client: Client | None = None, **more
) -> tuple[Client, Any]:
    """Sign in by the page; give the browser and the answer."""
    client = client or Client()
    said = {"username": name, "password": password, **more}
    return client, client.post("/sign-in/", said)


def entered(name: str, password: str = PASSWORD) -> Client:
    """Sign in by the page, and be in."""
    client, response = sign_in(name, password)
    assert response.status_code == 302, response.content.decode()
    return client


def key_of(client: Client) -> str:
    """Give the key of a browser's session."""
    key = client.session.session_key
    assert key
    return key


def with_device(name: str) -> AppDevice:
    """Give a person a confirmed second factor."""
    return AppDevice.objects.create(user=account(name), name="app", confirmed=True)


def device_on(page: Any) -> tuple[AppDevice, str]:
    """Give the device that a page shows to be set up, and what its form brings back."""
    text = markup(page)
    secret = re.search(r'class="mono">([A-Z2-7 ]+)<', text)
    shown = re.search(r'name="shown" value="([^"]+)"', text)
    assert secret
    assert shown
    return AppDevice(key=b32decode(secret[1].replace(" ", "")).hex()), shown[1]


def set_up(client: Client) -> tuple[AppDevice, Any]:
    """Set a second factor up by its page; give the device and the answer."""
    device, shown = device_on(client.get("/second-factor/set-up/"))
    return device, client.post("/second-factor/set-up/", {"code": code_of(device), "shown": shown})


def fresh(device: AppDevice) -> AppDevice:
    """Let time pass: any code counts again, and nothing is slowed down."""
    AppDevice.objects.filter(pk=device.pk).update(
        last_t=-1, drift=0, throttling_failure_count=0, throttling_failure_timestamp=None
    )
    device.refresh_from_db()
    return device


def code_of(device: AppDevice, later: int = 0) -> str:
    """Give the code that the app shows, so many steps of 30 seconds later."""
    shown = TOTP(device.bin_key, device.step, device.t0, device.digits, later)
    return f"{shown.token():06}"


def wrong_code_of(device: AppDevice) -> str:
    """Give a code that the app does not show around now."""
    near = {code_of(device, step) for step in range(-3, 4)}
    return next(
        code
        for code in ("000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777")
        if code not in near
    )
