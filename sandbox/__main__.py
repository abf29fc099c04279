"""`python -m sandbox`: run a simulated Xero until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from sandbox.server import SandboxServer
from sandbox.world import World, demo_world, small_world, world_from_file
from sandbox.xpm.limits import RateLimits


def main(arguments: list[str] | None = None) -> int:
    """Serve the chosen world and return the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        server = SandboxServer(_world(asked), host=asked.host, port=asked.port)
    except (OSError, ValueError) as problem:
        print(f"The sandbox cannot start: {problem}", file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn shuts down, then raises the signal again: exit with 0
        signal.signal(number, lambda *_: sys.exit(0))
    threading.Thread(target=_announce, args=(server,), daemon=True).start()
    server.run()
    return 0


def _announce(server: SandboxServer) -> None:
    server.ready.wait()
    print(f"Xero sandbox ready at {server.url}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Run a simulated Xero.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4290, help="0 picks a free port")
    parser.add_argument("--world", default="demo", metavar="demo|small|PATH.json")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--jobs", type=int, help="number of jobs: in the first account (demo) or in each (small)")
    parser.add_argument("--clients", type=int, help="number of clients: in the first account (demo) or in each (small)")
    parser.add_argument("--redirect-uri", action="append", default=[], help="another URI for the app; repeatable")
    parser.add_argument("--minute-limit", type=int, default=60, help="calls per minute, 0 = no limit")
    parser.add_argument("--day-limit", type=int, default=5_000, help="calls per day, 0 = no limit")
    parser.add_argument("--concurrent-limit", type=int, default=5, help="calls in flight, 0 = no limit")
    return parser


def _world(asked: argparse.Namespace) -> World:
    limits = RateLimits(asked.concurrent_limit, asked.minute_limit, asked.day_limit)
    if asked.world not in {"demo", "small"}:
        return world_from_file(Path(asked.world), seed=asked.seed, limits=limits, redirect_uris=asked.redirect_uri)
    make = demo_world if asked.world == "demo" else small_world
    sizes = {name: value for name in ("jobs", "clients") if (value := getattr(asked, name)) is not None}
    return make(seed=asked.seed, limits=limits, redirect_uris=asked.redirect_uri, **sizes)


if __name__ == "__main__":
    sys.exit(main())
