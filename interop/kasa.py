"""python-kasa's command `kasa` drives our simulator over every transport.

usage: kasa.py KASA [KASA...], each the command of one release. The first one
is taken through everything, the others through one device of each transport.
"""

import concurrent.futures
import json
import os
import re
import select
import signal
import subprocess
import sys
import time

from home import KASA, path

USERNAME, PASSWORD = "demo@example.com", "demo"


class Report:
    """What was seen of one device; ends the part if something is not as it should be."""

    def __init__(self, title):
        self.lines = [title]

    def check(self, condition, what, seen=None):
        text = what if seen is None else f"{what}: {json.dumps(seen)}"
        if not condition:
            raise Wrong("\n".join([*self.lines, f"  NOT {text}"]))
        self.lines.append(f"  ok  {text}")


class Wrong(Exception):
    """A check that failed, with all that went before it."""


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
                raise Wrong(f"only {len(devices)} of {self.want} simulated devices")
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
            raise Wrong(f"kasa {' '.join(args)}: exit {done.returncode}\n{done.stderr}{done.stdout}")
        return json.loads(done.stdout) if done.stdout.strip() else None


def itself(device):
    """What the simulated device itself answers, asked by our client, in the shape of `kasa --json state`."""
    method = "system.get_sysinfo" if device["family"] == "iot" else "get_device_info"
    done = subprocess.run([os.environ["WATTLE"], "raw", device["address"], method], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise Wrong(f"wattle raw {device['address']} {method}: exit {done.returncode}\n{done.stderr}")
    answer = json.loads(done.stdout)
    return {"system": {"get_sysinfo": answer}} if device["family"] == "iot" else {method: answer}


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
    report = Report(f"{kasa.version}: discovery by broadcast")
    found = kasa.json("--target", "127.255.255.255", "--discovery-timeout", "4", "discover")
    for device in devices:
        report.check(device["address"] in found, f"found {device['model']} at {device['address']}")
    return report


def drive(kasa, device, can, everything):
    host = ("--host", device["address"])
    report = Report(f"{kasa.version}: {device['model']} over {device['transport']}")
    check = report.check
    for want in (False, True):
        kasa.json(*host, "on" if want else "off")
        check(is_on(itself(device)) is want, "on" if want else "off")
        if "energy" in can:
            seen = kasa.json(*host, "energy")
            check((power(seen) > 0) is want, "energy", seen)
    if "brightness" in can:
        kasa.json(*host, "brightness", "33")
        seen = brightness(kasa.json(*host, "state"))
        check(seen == 33 and brightness(itself(device)) == 33, "brightness 33, read back", seen)
    if everything and "child" in can:
        kasa.json(*host, "on")
        kasa.json(*host, "device", "off", "--child-index", "0")
        seen = children(kasa.json(*host, "state"))
        check(seen[0] is False and all(seen[1:]) and children(itself(device)) == seen, "the first outlet off, the others on, read back", seen)
    if everything and "secret" in can:
        refused = kasa.attempt(*host, "state", password="not-the-password")
        said = re.search(r"(?im)^.*(authent|credential|challenge|login).*$", refused.stdout + refused.stderr)
        check(refused.returncode != 0 and said, "a wrong password is refused", said and said[0][:160])
        check(is_on(kasa.json(*host, "state")), "and the right one still works")
    check(is_on(kasa.json(*host, "state")), "the state, read back")
    return report


def power(reading):
    """Watts, of either unit system."""
    return reading["power"] if "power" in reading else reading["power_mw"] / 1000


def children(state):
    if "get_child_device_list" in state:
        return [child["device_on"] for child in state["get_child_device_list"]["child_device_list"]]
    return [bool(child["state"]) for child in state["system"]["get_sysinfo"]["children"]]


def main():
    releases = [Kasa(binary) for binary in sys.argv[1:]]
    with Simulator([path(name) for name in KASA]) as devices:
        for kasa in releases:
            everything = kasa is releases[0]
            print("\n".join(discover(kasa, devices).lines), flush=True)
            chosen = [(device, can) for device, can in zip(devices, KASA.values()) if everything or "old" in can]
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                for report in pool.map(lambda pair: drive(kasa, *pair, everything), chosen):
                    print("\n".join(report.lines), flush=True)


if __name__ == "__main__":
    try:
        main()
    except Wrong as wrong:
        sys.exit(str(wrong))
