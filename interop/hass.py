"""What the hub publishes, read by the schemas of Home Assistant's own MQTT integration.

Takes the file that `WATTLE_MQTT_DUMP=FILE go test ./internal/surface/mqtt -run TestDump` writes.
Wants a Python with the package homeassistant (2024.11 or later) and paho-mqtt. Every device
payload goes through the schema of devices, every component through that of its platform; a field
that the platform drops, because it does not know it, is a failure too.
"""

import asyncio
import importlib
import json
import logging
import sys

import homeassistant.const
from homeassistant.components.mqtt.schemas import DEVICE_DISCOVERY_SCHEMA
from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame

PLATFORMS = {"light": "light"}
# Of later versions: those that do not know them leave them out.
LATER = {"light": {"transition", "flash"}}
SHARED = ("availability", "availability_mode", "qos", "origin", "device")


def schema(platform):
    module = importlib.import_module(f"homeassistant.components.mqtt.{PLATFORMS.get(platform, platform)}")
    return module.DISCOVERY_SCHEMA


def keys(config):
    return {getattr(k, "schema", k) for k in config}


async def main():
    frame.async_setup(HomeAssistant("/tmp"))  # templates ask for it
    warnings = []
    handler = logging.Handler()
    handler.emit = lambda record: warnings.append(record.getMessage())
    logging.getLogger("homeassistant").addHandler(handler)
    topics = json.load(open(sys.argv[1]))
    devices = components = 0
    problems = []
    for topic, payload in topics.items():
        if not topic.endswith("/config"):
            continue
        devices += 1
        root = json.loads(payload)
        try:
            DEVICE_DISCOVERY_SCHEMA(json.loads(payload))
        except Exception as e:
            problems.append(f"{topic}: {e}")
        for key, component in root["components"].items():
            components += 1
            config = {k: root[k] for k in SHARED} | component
            platform = config.pop("platform")
            try:
                read = schema(platform)(json.loads(json.dumps(config)))
            except Exception as e:
                problems.append(f"{root['device'].get('model')} {key} ({platform}): {e}")
                continue
            for lost in set(config) - keys(read) - {"origin"} - LATER.get(platform, set()):
                problems.append(f"{root['device'].get('model')} {key} ({platform}): {lost} is not known")
    print(f"homeassistant {homeassistant.const.__version__}: {devices} devices, {components} components, {len(problems)} problems")
    for text in sorted(set(problems)) + sorted(set(warnings)):
        print(" ", text)
    return 1 if problems or warnings or not components else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
