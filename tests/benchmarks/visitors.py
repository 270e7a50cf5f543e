"""Visitors without a browser: what a page of the app sends and receives, over the same connection.

Visitor   opens pages, presses buttons, and asks for redrawings as often as the app wants it

A browser for each of a hundred visitors would take the machine from the server that is measured.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect


class Visitor:
    """One page of one visitor. waits: seconds from every request of his own to the end of its drawing. texts: what
    stands where on the page, by its place."""

    def __init__(self, address: str) -> None:
        self._address = address.replace("http://", "ws://") + "/_stcore/stream"
        self.waits: list[float] = []
        self.received = 0
        self.texts: dict[tuple[int, ...], str] = {}
        self.buttons: dict[tuple[int, ...], tuple[str, str]] = {}
        self._fragments: dict[tuple[int, ...], str] = {}
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Condition()
        self._finished = 0
        self._is_gone = False
        self._query = self._page = self._hash = ""
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def open(self, page: str, query: str = "") -> None:
        """Open a page, in a session of its own the first time, and wait until it is drawn."""
        if self._socket is None:
            self._socket = await connect(
                self._address, subprotocols=["streamlit"], max_size=None, compression=None, open_timeout=60
            )  # type: ignore[list-item]
            self._reader = asyncio.create_task(self._read())
        self._query, self._page, self._hash = query, page, ""
        await self._ask()

    async def press(self, label: str) -> None:
        """Press the button whose label begins so, and wait until that is drawn. Raises KeyError without one."""
        found = [place for place, (_, text) in self.buttons.items() if text.startswith(label)]
        if not found:
            raise KeyError(f"no button {label!r} among {sorted(text for _, text in self.buttons.values())}")
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.trigger_value = self.buttons[found[0]][0], True
        message.rerun_script.fragment_id = self._fragments.get(found[0], "")
        await self._ask(message)

    async def until(self, condition: Callable[["Visitor"], bool], seconds: float) -> float:
        """Seconds until the page shows something. Raises TimeoutError."""
        began = time.perf_counter()
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: condition(self))
        return time.perf_counter() - began

    async def close(self) -> None:
        """Leave."""
        for timer in self._timers.values():
            timer.cancel()
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader

    def says(self, part: str) -> bool:
        """Whether some text on the page has this part."""
        return any(part in text for text in self.texts.values())

    async def _ask(self, message: BackMsg | None = None) -> None:
        began, before = time.perf_counter(), self._finished
        await self._send(message or BackMsg())
        async with self._changed:
            await self._changed.wait_for(lambda: self._finished > before or self._is_gone)
        if self._is_gone:
            raise RuntimeError("the connection to the app has ended")
        self.waits.append(time.perf_counter() - began)

    async def _send(self, message: BackMsg, *, by_itself: bool = False) -> None:
        assert self._socket is not None
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.is_auto_rerun = self._query, self._hash, by_itself
        if not self._hash:
            state.page_name = self._page
        state.context_info.url = self._address
        state.context_info.timezone = "UTC"
        state.context_info.locale = "en"
        await self._socket.send(message.SerializeToString())

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for data in self._socket:
                assert isinstance(data, bytes)
                self.received += len(data)
                message = ForwardMsg.FromString(data)
                async with self._changed:
                    self._take(message)
                    self._changed.notify_all()
        finally:
            async with self._changed:
                self._is_gone = True
                self._changed.notify_all()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self._hash = message.navigation.page_script_hash
        elif kind == "script_finished":
            self._finished += 1
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            name = message.auto_rerun.fragment_id
            self._stop(name)
            self._timers[name] = asyncio.create_task(self._redraw(name, message.auto_rerun.interval))
        elif kind == "stop_auto_rerun":
            for name in message.stop_auto_rerun.fragment_ids:
                self._stop(name)
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._draw(tuple(message.metadata.delta_path), message.delta)

    def _stop(self, fragment: str) -> None:
        if timer := self._timers.pop(fragment, None):
            timer.cancel()

    def _draw(self, place: tuple[int, ...], delta: Any) -> None:
        element = delta.new_element
        self.texts.pop(place, None)
        self.buttons.pop(place, None)
        self._fragments[place] = delta.fragment_id
        if element.WhichOneof("type") == "button":
            self.buttons[place] = element.button.id, element.button.label
        else:
            self.texts[place] = " ".join(_texts(element))

    async def _redraw(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            message = BackMsg()
            message.rerun_script.fragment_id = fragment
            await self._send(message, by_itself=True)


def _texts(element: Any) -> Iterator[str]:
    """What people read of an element."""
    for name in ("markdown", "html", "text", "progress", "alert"):
        if element.HasField(name):
            part = getattr(element, name)
            yield getattr(part, "body", "") or getattr(part, "text", "")
