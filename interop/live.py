"""Other people's WebSocket and server-sent-event clients follow the hub's live stream.

usage: live.py, with the Python that has `websockets`, `sseclient-py` and `requests`.
What one client changes, the others see; who comes back with the last number gets what
was between; wrong tokens and foreign origins get in nowhere.
"""

import contextlib
import json
import os
import tempfile
import time

import requests
import sseclient
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from hub import ADDRESS, PORT, Hub, check

PATIENCE = 30  # seconds for anything to arrive


class Socket:
    """The live stream over a WebSocket."""

    def __init__(self, hub, query="", token=None, **settings):
        secret = hub.token if token is None else token
        self.open = contextlib.ExitStack()
        url, protocols = f"ws://{ADDRESS}:{PORT}/api/v1/ws{query}", ["wattle.v1", "wattle.token." + secret]
        self.conn = self.open.enter_context(connect(url, subprotocols=protocols, max_size=None, **settings))

    def next(self):
        return json.loads(self.conn.recv(timeout=PATIENCE))

    def do(self, **command):
        self.conn.send(json.dumps(command))

    def close(self):
        self.open.close()


class Events:
    """The live stream as server-sent events."""

    def __init__(self, hub, query="", last=None, token=None, **headers):
        headers["Authorization"] = "Bearer " + (hub.token if token is None else token)
        if last:
            headers["Last-Event-ID"] = last
        self.answer = requests.get(f"{hub.url}/api/v1/live{query}", headers=headers, stream=True, timeout=PATIENCE)
        if self.answer.status_code == 200:
            self.events = sseclient.SSEClient(self.answer.iter_content(chunk_size=None)).events()

    def next(self):
        event = next(self.events)
        message = json.loads(event.data)
        if event.event != message["type"] or message.get("id", event.id) != event.id:
            raise SystemExit(f"not so: the event {event.event} {event.id} carries {message}")
        return message

    def close(self):
        self.answer.close()


def until(stream, wanted, what):
    """All messages up to one that is wanted."""
    seen, end = [], time.monotonic() + PATIENCE
    while time.monotonic() < end:
        seen.append(stream.next())
        if wanted(seen[-1]):
            return seen
    raise SystemExit(f"not so: {what}; got {[m['type'] for m in seen]}")


def ready(stream):
    return until(stream, lambda m: m["type"] == "ready", "a whole snapshot")


def value(message, feature):
    return next((f["value"] for f in message["device"]["features"] if f["id"] == feature), None)


def brightness(lamp, want):
    return lambda m: m["type"] == "device" and m["device"]["id"] == lamp and value(m, "brightness") == want


def switch(hub, lamp, percent):
    status, answer, _ = hub.ask("PATCH", f"/devices/{lamp}/features", {"state": True, "brightness": percent})
    check(status == 200, f"another client sets {percent} %", status)


def snapshot(hub, stream, name):
    seen = ready(stream)
    ids = seen[0]["devices"]
    shown = [m["device"]["id"] for m in seen[1:-1] if m["type"] in ("snapshot", "device")]
    known = [d["id"] for d in hub.ask("GET", "/devices")[1]]
    check(seen[0]["type"] == "hello" and sorted(ids) == sorted(known) == sorted(set(shown)), f"{name}: hello, and a snapshot of each device", len(ids))
    check(all(m["device"]["features"] for m in seen[1:-1] if m["type"] == "snapshot"), f"{name}: with features")
    return seen[-1]["id"]


def resumed(stream, lamp, want, name):
    """What comes after coming back: hello, only what has changed, ready."""
    seen = ready(stream)
    of_lamp = [m for m in seen if m.get("device", {}).get("id") == lamp]
    check(seen[0]["type"] == "hello" and len(of_lamp) == 1 and value(of_lamp[0], "brightness") == want, f"{name}: it gets what was between", want)
    devices = [m["device"]["id"] for m in seen if "device" in m]
    check(len(devices) < len(seen[0]["devices"]), f"{name}: and not all of the home again", len(devices))
    return seen[-1]["id"]


def follow(hub, lamp, name, opened, again, first):
    with contextlib.closing(opened()) as stream:
        snapshot(hub, stream, name)
        switch(hub, lamp, first)
        seen = until(stream, brightness(lamp, first), "the change arrives")
        check("brightness" in seen[-1]["changes"], f"{name}: the change arrives", seen[-1]["changes"])
        last = seen[-1]["id"]
    switch(hub, lamp, first + 1)
    switch(hub, lamp, first + 2)
    with contextlib.closing(again(last)) as stream:
        last = resumed(stream, lamp, first + 2, name)
        switch(hub, lamp, first + 3)
        until(stream, brightness(lamp, first + 3), "the stream goes on")
        check(True, f"{name}: and the stream goes on")


def refused(status, what, **socket):
    try:
        Socket(**socket).close()
    except InvalidStatus as err:
        problem = json.loads(err.response.body)
        check(err.response.status_code == status, f"WebSocket: {what}", [err.response.status_code, problem["class"]])
    else:
        raise SystemExit(f"not so: {what}: the socket is open")


def main():
    with Hub(tempfile.mkdtemp(dir=os.environ["HOME"])) as hub:
        lamp = next(d["id"] for d in hub.ask("GET", "/devices")[1] if d["name"] == "Corner lamp")
        follow(hub, lamp, "WebSocket", lambda: Socket(hub), lambda last: Socket(hub, "?since=" + last), 20)
        follow(hub, lamp, "events", lambda: Events(hub), lambda last: Events(hub, last=last), 30)

        with contextlib.closing(Socket(hub)) as one, contextlib.closing(Events(hub, f"?device={lamp}&feature=brightness")) as other:
            ready(one)
            check(len([m for m in ready(other) if m["type"] == "snapshot"]) == 1, "events: a filter shows one device")
            one.do(ref="7", do="set", device=lamp, set={"brightness": 44})
            answer = until(one, lambda m: m["type"] == "answer", "an answer")[-1]
            check(answer["ref"] == "7" and "error" not in answer, "WebSocket: a command is answered", answer)
            until(one, brightness(lamp, 44), "its change")
            seen = until(other, brightness(lamp, 44), "the change")[-1]
            check([f["id"] for f in seen["device"]["features"]] == ["brightness"], "events: who filters sees what the socket changed", seen["changes"])

        reader = hub.ask("POST", "/tokens", {"name": "reader", "scope": "read"})[1]
        with contextlib.closing(Socket(hub, token=reader["token"])) as socket:
            ready(socket)
            socket.do(ref="8", do="toggle", device=lamp)
            answer = until(socket, lambda m: m["type"] == "answer", "an answer")[-1]
            check(answer["error"]["class"] == "scope", "WebSocket: who may only read does not switch", answer["error"]["class"])

        for token, what in (("", "no token"), ("wtl_wrong", "a wrong token"), (hub.token[:-1], "a token that lacks its end")):
            refused(401, what, hub=hub, token=token)
            check(Events(hub, token=token).answer.status_code == 401, f"events: {what}", 401)
        refused(403, "a foreign origin", hub=hub, origin="http://evil.example")
        refused(403, "the origin null", hub=hub, origin="null")
        check(Events(hub, Origin="http://evil.example").answer.status_code == 403, "events: a foreign origin", 403)
        check(Events(hub, Host="evil.example").answer.status_code == 403, "events: a foreign host", 403)
        with contextlib.closing(Socket(hub, origin=hub.url)) as socket:
            ready(socket)
            check(True, "WebSocket: a page of the hub itself")


main()
