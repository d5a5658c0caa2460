"""tplink-cloud-api (PyPI, module tplinkcloud) at our cloud: signed calls, a code, Kasa and Tapo."""

import asyncio
import json
import os
import socket
import subprocess
import urllib.parse

import tplinkcloud.client
import tplinkcloud.device_client
from tplinkcloud import TPLinkDeviceManager
from tplinkcloud.exceptions import TPLinkAuthError

USERNAME, PASSWORD = "demo@example.com", "demo"
CLOUD = urllib.parse.urlsplit(os.environ["CLOUD_URL"])


def lead_to_simulator():
    """TP-Link's names lead to loopback, and its CA is the simulator's; nothing else changes."""
    real = socket.getaddrinfo

    def getaddrinfo(host, port, *args, **kwargs):
        if isinstance(host, str) and host.endswith("tplinkcloud.com"):
            host, port = CLOUD.hostname, CLOUD.port
        return real(host, port, *args, **kwargs)

    socket.getaddrinfo = getaddrinfo
    for module in (tplinkcloud.client, tplinkcloud.device_client):
        module.get_ca_cert_path = lambda: os.environ["CLOUD_CA"]


def check(condition, what, seen=None):
    """Prints what was seen; ends the part if it is not as it should be."""
    text = what if seen is None else f"{what}: {json.dumps(seen)}"
    if not condition:
        raise SystemExit(f"not so: {text}")
    print(f"  ok  {text}")


def control(*args):
    """wattle sim ctl."""
    return subprocess.run([os.environ["WATTLE"], "sim", "ctl", *args], check=True, capture_output=True, text=True).stdout.strip()


async def main():
    refused = None
    try:
        TPLinkDeviceManager(USERNAME, "not-the-password", include_tapo=False)
    except TPLinkAuthError as err:
        refused = err
    check(refused is not None, "a wrong password is refused", str(refused))

    control("cloud", "fault", "mfa=short")
    asked = []

    def code(kind, email):
        asked.append(kind)
        return control("cloud", "code")

    manager = await TPLinkDeviceManager(USERNAME, PASSWORD, term_id="7e0aa3c4-1d5e-4b0f-9c52-f3a1f8d7c601", mfa_callback=code)
    check(asked == ["verifyCodeLogin"], "one code for both sides", asked)
    check(bool(manager._kasa_token and manager._tapo_token), "logged in to both sides")

    devices = {d.get_alias(): d for d in await manager.get_devices()}
    check({"Fridge", "Washing machine", "Media strip"} <= devices.keys(), "devices of the account", len(devices))
    plug = devices["Fridge"]
    for on in (False, True):
        await (plug.power_on() if on else plug.power_off())
        check(await plug.is_on() is on, ("on" if on else "off") + ", read back")
    usage = await plug.get_power_usage_realtime()
    check(usage.power_mw > 0 and usage.voltage_mv > 0, "energy", vars(usage))

    outlets = await devices["Media strip"].get_children_async()
    await outlets[1].power_off()
    check([await o.is_on() for o in outlets] == [True, False, True], "one outlet of a strip is off")

    seen = json.loads(control("cloud", "journal"))
    signed = [r for r in seen if "X-Authorization" in r["header"]]
    check(len(signed) == len(seen) - sum(r["service"] == "v1" for r in seen) and len(signed) > 10, "every call of it was signed", len(signed))


lead_to_simulator()
asyncio.run(main())
