"""How schemathesis asks, and which of its findings are left as they are."""

import ipaddress
import itertools
import os
import re

import requests.adapters
import schemathesis
import urllib3.util.connection
from hub import CLIENTS

# Wrong tokens are limited by address: each request comes from another one, so that each
# operation is seen to answer 401 and not 429.
addresses = itertools.cycle(CLIENTS)
connect, send = urllib3.util.connection.create_connection, requests.adapters.HTTPAdapter.send


def from_elsewhere(address, timeout=None, source_address=None, socket_options=None):
    return connect(address, timeout, (next(addresses), 0), socket_options)


def once(self, request, **settings):
    request.headers["Connection"] = "close"
    return send(self, request, **settings)


urllib3.util.connection.create_connection = from_elsewhere
requests.adapters.HTTPAdapter.send = once


def operation_id(case):
    return case.operation.definition.raw.get("operationId", "")


@schemathesis.hook
def filter_case(context, case):
    """The run does not take its own token away, and does not wait for the next line of a log."""
    if operation_id(case) == "remove-token":
        return (case.path_parameters or {}).get("token") != os.environ["HUB_TOKEN_ID"]
    return not (operation_id(case) == "logs" and (case.query or {}).get("follow") in (True, "true"))


@schemathesis.hook
def map_body(context, body):
    """The hub asks what a client names: here that is always a device of the home."""
    if isinstance(body, dict) and isinstance(body.get("address"), str) and body["address"]:
        return body | {"address": str(ipaddress.ip_address(os.environ["HUB_DEVICES"]))}
    return body


# Requests that a schema allows and that are refused: which operation, how, and why no schema can say it.
LEFT = [
    (r"books|energy|feature-history|export|list-events", 422, r"from before to|at most \d+ days|more than \d+ values|since is not before until",
     "a schema compares no two parameters, and no time with the present"),
    (r"set-features|set-feature|set-group|act|add-device", 422, r".",
     "which features a device has, which values they take, and what can be added is up to the device"),
    (r"put-(group|scene|rule)|capture-scene|preview-rule", 422, r"^(?!validation failed)",
     "they name devices that have to be there, times, and an expression; the name in the body is that of the path"),
    (r"import-home", 422, r".", "the text is a file, which is told by its line"),
    (r"create-(hook|token)", 422, r"expires in the past|^(?!.*validation failed)", "the past is a matter of the present; a hook sets what its device takes"),
    (r"change-device", 422, r".", "the device says which names it takes"),
    (r"websocket", 426, r"WebSockets", "a plain GET is no WebSocket; the part live opens one"),
    (r".*", 412, r"changed meanwhile", "the condition of a header does not hold"),
]


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    try:
        problem = response.json()
    except ValueError:
        return True
    for name, status, detail, _ in LEFT:
        if re.fullmatch(name, operation_id(case)) and response.status_code == status and re.search(detail, problem.get("detail", "")):
            return status == 412 and not {"if-match", "if-none-match"} & {h.lower() for h in case.headers or {}}
    return True
