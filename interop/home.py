"""The devices of interop/devices that python-kasa drives, and what each of them can do.

"old": one of the few that an older release is tried on as well.
"""

import pathlib

KASA = {
    "iot-plug": {"energy", "old"},
    "iot-dimmer": {"brightness"},
    "iot-strip": {"child"},
    "iot-bulb": {"brightness", "energy"},
    "iot-plug-klap1": {"energy", "secret", "old"},
    "iot-plug-klap2": set(),
    "smart-plug-klap2": {"energy", "old"},
    "smart-plug-klap2-tls": {"energy"},
    "smart-bulb-klap2": {"brightness", "secret", "old"},
    "smart-plug-aes": {"energy", "old"},
    "smart-bulb-aes": {"brightness"},
    "smart-bulb-aes2": {"brightness", "secret"},
}


def path(name):
    """The capture file of a device."""
    return str(pathlib.Path(__file__).parent / "devices" / f"{name}.json")
