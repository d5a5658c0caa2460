"""The devices of interop/devices that python-kasa drives, and what each of them can do.

"new": only the current release knows IOT inside KLAP v2.
"""

import pathlib

KASA = {
    "iot-plug": {"energy"},
    "iot-dimmer": {"brightness"},
    "iot-strip": {"child"},
    "iot-bulb": {"brightness", "energy"},
    "iot-plug-klap1": {"energy", "secret"},
    "iot-plug-klap2": {"new", "secret"},
    "smart-plug-klap2": {"energy", "secret"},
    "smart-plug-klap2-tls": {"energy"},
    "smart-bulb-klap2": {"brightness", "secret"},
    "smart-plug-aes": {"energy", "secret"},
    "smart-bulb-aes": {"brightness"},
    "smart-bulb-aes2": {"brightness", "secret"},
}


def path(name):
    """The capture file of a device."""
    return str(pathlib.Path(__file__).parent / "devices" / f"{name}.json")
