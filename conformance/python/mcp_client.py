"""Calls tools through a gateway with the official Python SDK: one JSON line for each step of the script that it reads."""

import asyncio
import json
import sys

from mcp import Client, StdioServerParameters


async def main() -> None:
    asked = json.loads(sys.stdin.read())
    where = asked["url"] if "url" in asked else StdioServerParameters(**asked["process"])
    async with Client(where, mode=asked["mode"]) as client:
        names = sorted(tool.name for tool in (await client.list_tools()).tools)
        print(json.dumps({"version": client.protocol_version, "tools": names}), flush=True)
        for step in asked["script"]:
            print(json.dumps(await called(client, step)), flush=True)


async def called(client: Client, step: dict) -> dict:
    seen: list[float] = []

    async def progress(value: float, total: float | None, message: str | None) -> None:
        seen.append(value)

    result = await client.call_tool(step["tool"], step["input"], progress_callback=progress)
    text = "".join(block.text for block in result.content if block.type == "text")
    return {"failed": bool(result.is_error), "text": text, "progress": len(seen)}


asyncio.run(main())
