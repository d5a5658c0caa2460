"""schemathesis asks the hub's API what its OpenAPI document says.

usage: schema.py SCHEMATHESIS, its command. Every operation is asked with the first
token: first all that leave devices and tokens where they are, then those that
remove them. What is left as it is, and why, stands in schema_hooks.py.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

from hub import HOME, Hub, check

APART = ["remove-device", "remove-token"]

# One worker: with two, Python 3.11 now and then fails in its own parser, which schemathesis uses.
CONFIG = """
seed = 20261122
workers = 1
continue-on-failure = true
max-stream-events = 2
request-timeout = 30
suppress-health-check = ["all"]
hooks = "schema_hooks"

[generation]
max-examples = %(examples)d
deterministic = true
database = "none"

[phases.stateful]
enabled = false

[checks]
# What a device or its network failed at, and what a hub runs without, is told by these.
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 501, 502, 503, 504]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 415, 422, 428, 429, 501, 502, 503, 504]

[dictionaries.devices]
values = %(devices)s
[dictionaries.tokens]
values = %(tokens)s
[dictionaries.names]
values = ["evening"]
[dictionaries.features]
values = ["state", "brightness", "current_consumption", "reboot"]

[parameters]
"path.id" = { dictionary = "devices", probability = 0.7 }
"path.token" = { dictionary = "tokens", probability = 0.7 }
"path.name" = { dictionary = "names", probability = 0.5 }
"path.feature" = { dictionary = "features", probability = 0.7 }
"query.device" = { dictionary = "devices", probability = 0.5 }

[[operations]]
include-operation-id = "feature-history"
[operations.parameters]
"query.feature" = { dictionary = "features", probability = 0.7 }
"""


def schemathesis(command, hub, folder, examples, *which):
    config = folder + "/schemathesis.toml"
    with open(config, "w") as out:
        out.write(CONFIG % {"devices": json.dumps(hub.ids), "tokens": json.dumps(hub.others), "examples": examples})
    env = hub.env | {
        "PYTHONPATH": os.path.dirname(os.path.abspath(__file__)), "HUB_TOKEN_ID": hub.token_id, "HUB_DEVICES": str(HOME[2]),
    }
    args = [command, "--config-file", config, "run", hub.url + "/openapi.json", "-H", "Authorization: Bearer " + hub.token, "--no-color", *which]
    began = time.monotonic()
    done = subprocess.run(args, env=env, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        sys.stdout.write(done.stdout + done.stderr)
        raise SystemExit("not so: the API is what its document says (schemathesis, exit %d)" % done.returncode)
    for line in done.stdout.splitlines():
        if any(word in line for word in ("Tested:", "generated,", "Selected:")):
            print("      " + line.strip())
    print(f"      {time.monotonic() - began:.0f} s")
    return done.stdout


def main():
    command = sys.argv[1]
    folder = tempfile.mkdtemp(dir=os.environ["HOME"])
    limits = {"WATTLE_LISTEN__LIMITS__RATE": "100000", "WATTLE_LISTEN__LIMITS__BURST": "100000"}
    with Hub(folder, **limits) as hub:
        devices = hub.ask("GET", "/devices")[1]
        kinds = {}
        for device in devices:  # one of each kind is enough
            kinds.setdefault(device["type"], device["id"])
        hub.ids = sorted(kinds.values())
        hub.token_id = hub.ask("GET", "/tokens")[1][0]["id"]
        lamp = next(d["id"] for d in devices if d["name"] == "Corner lamp")
        hub.others = [hub.ask("POST", "/tokens", {"name": name, "scope": "read"})[1]["id"] for name in ("a", "b", "c")]
        for path, body in (
            ("/groups/evening", {"name": "evening", "devices": [lamp]}),
            ("/scenes/evening", {"name": "evening", "devices": [{"device": lamp, "set": {"brightness": 40}}]}),
            ("/rules/evening", {"name": "evening", "on": [{"at": "18:30"}], "do": [{"scene": "evening"}]}),
        ):
            status, answer, _ = hub.ask("PUT", path, body)
            check(status == 200, path[1:], answer)
        skip = [word for name in APART for word in ("--exclude-operation-id", name)]
        schemathesis(command, hub, folder, 3, *skip)
        check(hub.alive() and hub.ask("GET", "/version")[0] == 200, "every operation is what the document says, and the hub is there")
        only = [word for name in APART for word in ("--include-operation-id", name)]
        schemathesis(command, hub, folder, 10, *only)
        check(hub.alive() and hub.ask("GET", "/version")[0] == 200, "so are those that remove, and the hub is there")
        log = open(folder + "/serve.log").read()
        check('"msg":"panic"' not in log, "without a panic in the log")


main()
