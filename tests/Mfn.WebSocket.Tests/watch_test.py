"""Watching a live run over a WebSocket: every message in its place, by the chain that a client can compute."""
import asyncio
import base64
import hashlib
import json
import struct
import unittest
import urllib.parse

import websockets
from server import post, serving

KINDS = {"snapshot": 7, "delta": 8, "caught_up": 9, "fell_behind": 10, "heartbeat": 11, "gap": 12, "end": 13}


def link(chain, message):
    """The chain after a message."""
    [(kind, number)] = [(kind, number) for kind, number in KINDS.items() if kind in message]
    field = message[kind].get("field") if kind == "snapshot" else None
    values = base64.b64decode(field["values"]) if field else b""
    place = struct.pack("<Qqqq", *(int(message[name]) for name in ("epoch", "sequence", "step", "revision")))
    return hashlib.sha256(chain + place + bytes([number]) + hashlib.sha256(values).digest()).digest()


class WatchTest(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls._serving = serving()
        cls.address, cls.key = cls._serving.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls._serving.__exit__(None, None, None)

    def watching(self, run, **fields):
        query = urllib.parse.urlencode(fields | {"field_encoding": "FIELD_ENCODING_FLOAT32"})
        return websockets.connect(f"ws://{self.address}/v1/runs/{run}/watch?{query}", subprotocols=["mfn.v1.json"])

    async def test_watch_cut_and_resumed(self):
        run = post(self.address, self.key, "/v1/runs", {"spec": {"grid_size": 16, "seed": 1}, "stop": {"after_step": 60}, "steps_per_second": 100})["run"]["run_id"]
        chain, steps, sequence, token, code = bytes(32), [], 0, None, None
        while code is None:
            fields = {"from_step": 0} if token is None else {"resume_token": token}
            async with self.watching(run, **fields) as socket:
                await socket.send(json.dumps({"api_key": self.key}))
                try:
                    for _ in range(17):
                        message = json.loads(await asyncio.wait_for(socket.recv(), 20))
                        self.assertNotIn("error", message)
                        self.assertEqual(str(sequence), message["sequence"])
                        chain, sequence, token = link(chain, message), sequence + 1, message["token"]
                        self.assertEqual(base64.b64encode(chain).decode(), message["chain"])
                        if "snapshot" in message:
                            steps.append(int(message["step"]))
                except websockets.ConnectionClosedOK:
                    code = socket.close_code

        self.assertEqual((1000, list(range(61))), (code, steps))

    async def test_errors_have_codes(self):
        cases = [("none", {"api_key": self.key}, 4005), ("none", {"api_key": "mfn_wrong"}, 4016), ("none", {"key": self.key}, 4003)]
        for run, first, code in cases:
            async with self.watching(run) as socket:
                await socket.send(json.dumps(first))
                self.assertEqual(code, 4000 + json.loads(await asyncio.wait_for(socket.recv(), 20))["error"]["code"])
                with self.assertRaises(websockets.ConnectionClosedError):
                    await asyncio.wait_for(socket.recv(), 20)
                self.assertEqual(code, socket.close_code)


if __name__ == "__main__":
    unittest.main()
