"""A hub over a simulated home, for the parts that look at its API."""

import ipaddress
import itertools
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

WATTLE = os.environ["WATTLE"]
DEVICES = 21  # that `wattle sim` serves without arguments
PORT = 18420

# The range of the parts: the home has the first half, the hub and who asks it the other.
HOME, OTHERS = ipaddress.ip_network(os.environ["INTEROP_RANGE"]).subnets()
ADDRESS = str(OTHERS[1])
CLIENTS = [str(a) for a in itertools.islice(OTHERS.hosts(), 1, 120)]


def check(condition, what, seen=None):
    text = what if seen is None else f"{what}: {json.dumps(seen, default=str)}"
    if not condition:
        raise SystemExit(f"not so: {text}")
    print(f"  ok  {text}", flush=True)


class Hub:
    """Simulator and hub, as a context manager."""

    def __init__(self, folder, **settings):
        self.folder = Path(folder)
        self.url = f"http://{ADDRESS}:{PORT}"
        self.env = os.environ | {
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "WATTLE_STATE_DIR": str(self.folder / "state"),
            "WATTLE_LISTEN__HTTP": f"{ADDRESS}:{PORT}",
            "WATTLE_HUB__ADOPT": "true",
            "WATTLE_DISCOVERY__ONLY_TARGETS": "true",
            "WATTLE_DISCOVERY__TARGETS": str(HOME),
        } | settings
        self.running = []

    def start(self, *args):
        with open(self.folder / f"{args[0]}.log", "w") as log:
            process = subprocess.Popen([WATTLE, *args], env=self.env, stdout=log, stderr=log, start_new_session=True)
        self.running.append(process)
        return process

    def __enter__(self):
        for name in "config", "run", "state":
            (self.folder / name).mkdir(parents=True, mode=0o700, exist_ok=True)
        try:
            self.start("sim", "--json", "--range", str(HOME))
            self.wait(lambda: (self.folder / "sim.log").read_text().count("\n") >= DEVICES, "a simulated home")
            self.start("serve", "--log", "json")
            token = self.folder / "state" / "hub-token"
            self.wait(token.exists, "a token")
            self.token = token.read_text().strip()
            self.wait(lambda: self.ask("GET", "/health")[1]["online"] == DEVICES, "all devices online")
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait(self, until, what, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for process in self.running:
                if process.poll() is not None:
                    break
            else:
                try:
                    if until():
                        return
                except OSError:
                    pass
                time.sleep(0.2)
                continue
            break
        for log in self.folder.glob("*.log"):
            sys.stderr.write(f"-- {log.name}\n{log.read_text()[-3000:]}\n")
        raise SystemExit(f"not so: {what} within {seconds} s")

    def alive(self):
        return all(process.poll() is None for process in self.running)

    def ask(self, method, path, body=None, token=None, headers=None):
        """One request: status, the answer as JSON, its headers."""
        request = urllib.request.Request(self.url + "/api/v1" + path, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", "Bearer " + (self.token if token is None else token))
        if body is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as err:
            answer = err
        with answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None, answer.headers

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
