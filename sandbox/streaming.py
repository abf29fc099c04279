"""Long answers in turns, so that one big list keeps nobody else waiting and no thread is needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T", str, bytes)


async def in_turns(chunks: Iterable[T]) -> AsyncIterator[T]:
    """Hand on the chunks one at a time; between two of them every other call has its turn."""
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(0)
