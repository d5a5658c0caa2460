"""python-kasa's command `kasa` drives our simulator over every transport.

usage: kasa.py KASA [KASA...], each the command of one release. The first one
is taken through everything, the others through reading and switching.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time

from home import KASA, path

USERNAME, PASSWORD = "demo@example.com", "demo"


def check(condition, what, seen=None):
    """Print what was seen, and end the part if it is not as it should be."""
    text = what if seen is None else f"{what}: {json.dumps(seen)}"
    if not condition:
        raise SystemExit(f"not so: {text}")
    print(f"  ok  {text}", flush=True)


class Simulator:
    """Our simulator with the given files, as a context manager."""

    def __init__(self, files, *flags):
        args = [os.environ["WATTLE"], "sim", "--json", "--range", os.environ["INTEROP_RANGE"], *flags, *files]
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE)
        self.want = len(files)

    def __enter__(self):
        devices, buffer, deadline = [], b"", time.monotonic() + 30
        out = self.process.stdout.fileno()
        while len(devices) < self.want:
            ready, _, _ = select.select([out], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(out, 65536) if ready else b""
            if not chunk:
                self.process.kill()
                raise SystemExit(f"only {len(devices)} of {self.want} simulated devices")
            *whole, buffer = (buffer + chunk).split(b"\n")
            devices += [json.loads(line) for line in whole if line.strip()]
        return devices

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


class Kasa:
    """One release of the foreign command line."""

    def __init__(self, binary):
        self.binary = binary
        self.version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()

    def attempt(self, *args, password=PASSWORD):
        env = dict(os.environ, KASA_USERNAME=USERNAME, KASA_PASSWORD=password)
        return subprocess.run([self.binary, *args], capture_output=True, text=True, env=env, timeout=90)

    def json(self, *args):
        done = self.attempt("--json", *args)
        if done.returncode:
            raise SystemExit(f"kasa {' '.join(args)}: exit {done.returncode}\n{done.stderr}{done.stdout}")
        return json.loads(done.stdout) if done.stdout.strip() else None


def is_on(state):
    """The switch in the raw answers that `kasa --json state` prints."""
    if "get_device_info" in state:
        return state["get_device_info"]["device_on"]
    info = state["system"]["get_sysinfo"]
    if "light_state" in info:
        return bool(info["light_state"]["on_off"])
    if "children" in info:
        return any(child["state"] for child in info["children"])
    return bool(info["relay_state"])


def brightness(state):
    if "get_device_info" in state:
        return state["get_device_info"]["brightness"]
    info = state["system"]["get_sysinfo"]
    return info["light_state"]["brightness"] if "light_state" in info else info["brightness"]


def near(a, b):
    return abs(a - b) <= 0.02 * max(1, abs(a), abs(b))


def discover(kasa, devices):
    print(f"{kasa.version}: discovery by broadcast")
    found = kasa.json("--target", "127.255.255.255", "--discovery-timeout", "4", "discover")
    for device in devices:
        check(device["address"] in found, f"found {device['model']} at {device['address']}")


def drive(kasa, device, can, everything):
    host = ("--host", device["address"])
    print(f"{kasa.version}: {device['model']} over {device['transport']}")
    state = kasa.json(*host, "state")
    check(is_on(state) in (True, False), "state", {"on": is_on(state)})
    for want in (True, False, True):
        kasa.json(*host, "on" if want else "off")
        check(is_on(kasa.json(*host, "state")) is want, "on, read back" if want else "off, read back")
    if "brightness" in can:
        kasa.json(*host, "brightness", "33")
        seen = brightness(kasa.json(*host, "state"))
        check(seen == 33, "brightness 33, read back", seen)
    if "energy" in can:
        seen = kasa.json(*host, "energy")
        power = seen.get("power", seen.get("power_mw", 0) / 1000)
        check(power >= 0, "energy", seen)
    if not everything:
        return
    if "child" in can:
        kasa.json(*host, "device", "off", "--child-index", "0")
        state = kasa.json(*host, "state")
        check(not is_on(state) or not children(state)[0], "first outlet off, read back", children(state))
    if "secret" in can:
        refused = kasa.attempt(*host, "state", password="not-the-password")
        check(refused.returncode != 0, "a wrong password is refused", (refused.stdout + refused.stderr).strip().splitlines()[-1])
        check(is_on(kasa.json(*host, "state")) is True, "and the right one still works")


def children(state):
    if "get_child_device_list" in state:
        return [child["device_on"] for child in state["get_child_device_list"]["child_device_list"]]
    return [bool(child["state"]) for child in state["system"]["get_sysinfo"]["children"]]


def main():
    releases = [Kasa(binary) for binary in sys.argv[1:]]
    files = [path(name) for name in KASA]
    with Simulator(files) as devices:
        for kasa in releases:
            discover(kasa, devices)
            for device, can in zip(devices, KASA.values()):
                if "new" in can and kasa is not releases[0]:
                    continue
                drive(kasa, device, can, everything=kasa is releases[0])


if __name__ == "__main__":
    main()
