"""Drives the tutorial's interceptor: every call of `calls.json` through `run_tool_with_authz`, results as JSON lines."""

import json
import sys

import authz
import loop

authz.OPA_URL = sys.argv[1]
ran = []
TOOLS = {
    name: (lambda name: lambda **arguments: ran.append(name) or f"ran {name}")(name)
    for name in ("search.web", "db.read", "refund.issue", "db.delete", "shell.exec")
}

for line in sys.stdin:
    call = json.loads(line)
    asked = []

    def request_human(tool, arguments, identity, reason):
        asked.append(reason)
        return call.get("approve", False)

    ran.clear()
    result = loop.run_tool_with_authz(call["tool"], call["arguments"], call["identity"], TOOLS, request_human)
    print(json.dumps({"result": result, "ran": list(ran), "asked": asked}), flush=True)
