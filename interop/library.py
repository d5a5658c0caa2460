"""python-kasa as a library drives the invented home: colours, effects, presets, schedules, children.

usage: python -P library.py, with the Python that has the release. What it changes is
read back from the simulated device by a raw request of our own client.
"""

import asyncio
import importlib.metadata
import json
import os
import subprocess
import sys

from kasa import Discover, Module

WATTLE = os.environ["WATTLE"]
HOME = 21  # devices that `wattle sim` serves without arguments


def check(condition, what, seen=None):
    text = what if seen is None else f"{what}: {json.dumps(seen, default=str)}"
    if not condition:
        sys.exit(f"not so: {text}")
    print(f"  ok  {text}", flush=True)


def raw(device, method, params=None, child=None):
    """What the simulated device itself answers, asked by our client."""
    args = [WATTLE, "raw", *(["--child", child] if child else []), device["address"], method]
    done = subprocess.run(args + ([json.dumps(params)] if params else []), capture_output=True, text=True, timeout=60)
    if done.returncode:
        sys.exit(f"{' '.join(args)}: exit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


async def opened(device):
    dev = await Discover.discover_single(device["address"], username="demo@example.com", password="demo")
    await dev.update()
    return dev


async def bulb(home):
    """A Kasa bulb: colour and white."""
    device = home["KL130"]
    dev = await opened(device)
    light = dev.modules[Module.Light]
    await light.set_hsv(120, 80, 60)
    state = raw(device, "smartlife.iot.smartbulb.lightingservice.get_light_state")
    check((state["hue"], state["saturation"], state["brightness"], state["color_temp"]) == (120, 80, 60, 0), "colour 120,80,60", state)
    await light.set_color_temp(3000)
    state = raw(device, "smartlife.iot.smartbulb.lightingservice.get_light_state")
    check(state["color_temp"] == 3000, "white of 3000 K", state)
    await dev.update()
    check(light.color_temp == 3000, "which it reads back", light.color_temp)
    await schedules(dev, device, "smartlife.iot.common.schedule", {"sact": 2, "s_light": {"on_off": 1, "brightness": 20}})
    await dev.disconnect()


async def plug(home):
    """A Kasa plug: its schedules."""
    device = home["HS110"]
    dev = await opened(device)
    await schedules(dev, device, "schedule", {"sact": 1})
    await dev.disconnect()


async def schedules(dev, device, module, action):
    rule = {
        "name": "morning", "enable": 1, "wday": [0, 1, 1, 1, 1, 1, 0], "repeat": 1, "stime_opt": 0, "smin": 390,
        "etime_opt": -1, "emin": 0, "eact": -1, **action,
    }
    raw(device, f"{module}.delete_all_rules")
    added = raw(device, f"{module}.add_rule", rule)
    await dev.update()
    rules = dev.modules[Module.IotSchedule].rules
    check([(r.id, r.smin, r.wday) for r in rules] == [(added["id"], 390, rule["wday"])], "the schedule is listed", [(r.id, r.smin) for r in rules])
    await dev.modules[Module.IotSchedule].delete_rule(rules[0])
    check(raw(device, f"{module}.get_rules")["rule_list"] == [], "and deleted")


async def strip_light(home):
    """Light strips of both families: built-in effects."""
    for model, read in (
        ("KL430", lambda d: raw(d, "system.get_sysinfo")["lighting_effect_state"]),
        ("L920", lambda d: raw(d, "get_device_info")["lighting_effect"]),
    ):
        device = home[model]
        dev = await opened(device)
        effect = dev.modules[Module.LightEffect]
        await effect.set_effect("Aurora")
        seen = read(device)
        check((seen["enable"], seen["name"]) == (1, "Aurora"), f"{model}: effect Aurora", {k: seen[k] for k in ("enable", "id", "name")})
        await dev.update()
        check(effect.effect == "Aurora", f"{model}: which it reads back")
        await effect.set_effect("Off")
        check(read(device)["enable"] == 0, f"{model}: off again")
        await dev.disconnect()


async def tapo_bulb(home):
    """A Tapo bulb: colour, white, scene, preset."""
    device = home["L530"]
    dev = await opened(device)
    light = dev.modules[Module.Light]
    await light.set_hsv(240, 90, 50)
    info = raw(device, "get_device_info")
    check((info["hue"], info["saturation"], info["brightness"], info["color_temp"]) == (240, 90, 50, 0), "colour 240,90,50")
    await light.set_color_temp(4000)
    check(raw(device, "get_device_info")["color_temp"] == 4000, "white of 4000 K")
    effect = dev.modules[Module.LightEffect]
    await effect.set_effect("Party")
    info = raw(device, "get_device_info")
    check((info["dynamic_light_effect_enable"], info["dynamic_light_effect_id"]) == (True, "L1"), "scene Party")
    await effect.set_effect("Off")
    check(raw(device, "get_device_info")["dynamic_light_effect_enable"] is False, "off again")
    await dev.update()
    preset = dev.modules[Module.LightPreset]
    name = preset.preset_list[1]
    await preset.set_preset(name)
    want, info = preset.preset_states_list[0], raw(device, "get_device_info")
    check(info["brightness"] == want.brightness, name, info["brightness"])
    await dev.disconnect()


async def outlets(home):
    """Children: outlets of strips of both families."""
    for model, read in (
        ("KP303", lambda d: [bool(c["state"]) for c in raw(d, "system.get_sysinfo")["children"]]),
        ("P300", lambda d: [c["device_on"] for c in raw(d, "get_child_device_list", {"start_index": 0})["child_device_list"]]),
    ):
        device = home[model]
        dev = await opened(device)
        for child in dev.children:
            await child.turn_on()
        check(all(read(device)), f"{model}: all outlets on")
        await dev.children[1].turn_off()
        check(read(device) == [True, False, True], f"{model}: the second off", read(device))
        await dev.update()
        check([c.is_on for c in dev.children] == [True, False, True], f"{model}: which it reads back")
        await dev.disconnect()


async def fan(home):
    """Children that differ: the fan and the light of a switch."""
    device = home["KS240"]
    dev = await opened(device)
    child = next(c for c in dev.children if Module.Fan in c.modules)
    await child.modules[Module.Fan].set_fan_speed_level(3)
    light = next(c for c in dev.children if Module.Light in c.modules)
    await light.modules[Module.Light].set_brightness(35)
    listed = raw(device, "get_child_device_list", {"start_index": 0})["child_device_list"]
    check([c.get("fan_speed_level") or c.get("brightness") for c in listed] == [3, 35], "fan at 3, light at 35 %")
    await dev.disconnect()


async def hub(home):
    """A hub: sensors, and the siren."""
    device = home["H100"]
    dev = await opened(device)
    listed = raw(device, "get_child_device_list", {"start_index": 0})["child_device_list"]
    check(len(dev.children) == len(listed), "its children", [c.alias for c in dev.children])
    climate = next(c for c in dev.children if Module.TemperatureSensor in c.modules and Module.HumiditySensor in c.modules)
    want = next(c for c in listed if c["model"] == climate.model.split("(")[0])
    check(climate.modules[Module.TemperatureSensor].temperature == want["current_temp"], "temperature", want["current_temp"])
    door = next(c for c in dev.children if Module.ContactSensor in c.modules)
    subprocess.run([WATTLE, "sim", "ctl", "--control", os.environ["INTEROP_CONTROL"], door.alias, "open"], check=True)
    await dev.update()
    check(door.modules[Module.ContactSensor].is_open, f"{door.alias} was opened, and is seen to be")
    alarm = dev.modules[Module.Alarm]
    await alarm.play()
    check(raw(device, "get_device_info")["in_alarm"] is True, "the siren sounds")
    await alarm.stop()
    check(raw(device, "get_device_info")["in_alarm"] is False, "and is silent")
    await dev.disconnect()


async def main():
    print(f"python-kasa {importlib.metadata.version('python-kasa')} as a library", flush=True)
    control = os.environ["INTEROP_CONTROL"]
    args = [WATTLE, "sim", "--json", "--range", os.environ["INTEROP_RANGE"], "--control", control]
    sim = subprocess.Popen(args, stdout=subprocess.PIPE, text=True)
    try:
        home = {}
        for _ in range(HOME):
            device = json.loads(sim.stdout.readline())
            home.setdefault(device["model"].split("(")[0], device)
        for part in (plug, bulb, strip_light, tapo_bulb, outlets, fan, hub):
            print(f"{part.__doc__.rstrip('.')}", flush=True)
            await part(home)
    finally:
        sim.terminate()
        sim.wait(30)


if __name__ == "__main__":
    asyncio.run(main())
