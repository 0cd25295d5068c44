"""A client of the Python service's protocol over WebSockets, made from its description alone."""
import asyncio
import json
import time

import websockets

PATIENCE = 20


class ReferenceClient:
    def __init__(self, socket):
        self._socket = socket

    @classmethod
    async def connect(cls, address, path):
        return cls(await websockets.connect(f"ws://{address}{path}", open_timeout=PATIENCE))

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self._socket.close()

    @property
    def close_code(self):
        return self._socket.close_code

    async def send(self, kind, **payload):
        await self._socket.send(json.dumps({"type": kind, "timestamp": time.time() * 1000, "payload": payload}))

    async def receive(self):
        """The next message but for heartbeats, which are answered."""
        while True:
            message = json.loads(await asyncio.wait_for(self._socket.recv(), PATIENCE))
            if abs(message["timestamp"] / 1000 - time.time()) > 60:
                raise AssertionError(f"timestamp is {message['timestamp']}")
            if message["type"] != "heartbeat":
                return message
            await self.send("pong")

    async def ask(self, kind, **payload):
        await self.send(kind, **payload)
        return await self.receive()

    async def log_in(self, key):
        assert (await self.ask("init", protocol_version="1.0", client_info="test"))["payload"]["protocol_version"] == "1.0"
        answer = await self.ask("auth", api_key=key, timestamp=time.time())
        assert answer["type"] == "auth_success", answer

    async def subscribe(self, kind, stream_id, **params):
        answer = await self.ask("subscribe", stream_type=kind, stream_id=stream_id, params=params)
        assert answer["type"] == "subscribe_success" and answer["payload"]["stream_id"] == stream_id, answer

    async def updates(self, stream_id):
        """The payloads of a stream, with their types."""
        while True:
            message = await self.receive()
            assert message["payload"]["stream_id"] == stream_id, message
            yield message["type"], message["payload"]
