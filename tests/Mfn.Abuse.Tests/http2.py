"""A client of HTTP/2 that keeps none of its rules: frames are what the test says they are."""

import os
import socket
import struct
import time

from hpack import Encoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, WITH_PRIORITY, ACK = 0x1, 0x4, 0x8, 0x20, 0x1

# For what the server must do, in seconds: ten times what it takes.
PATIENCE = 30


class Connection:
    """A connection on loopback. What the server sends is read only when it is asked for."""

    def __init__(self, port, settings=b"", greet=True):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.encoder = Encoder()
        self.received = b""
        if greet:
            try:
                self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0, settings))
            except OSError:
                self.socket.close()
                raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *frames):
        """Whether the server still takes them."""
        try:
            self.socket.sendall(b"".join(frames))
            return True
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            return False

    def headers(self, stream, path="/mfn.v1.SimulationService/Simulate", flags=END_HEADERS, extra=(), **pseudo):
        """The headers of a call, without its message."""
        return frame(HEADERS, flags, stream, self.block(path, extra, **pseudo))

    def block(self, path="/mfn.v1.SimulationService/Simulate", extra=(), method="POST", scheme="http"):
        return self.encoder.encode([
            (":method", method), (":scheme", scheme), (":path", path), (":authority", "localhost"),
            ("content-type", "application/grpc"), ("te", "trailers"), *extra,
        ])

    def call(self, stream, message=b"", **options):
        """A whole unary call."""
        return self.headers(stream, **options) + frame(DATA, END_STREAM, stream, b"\0" + struct.pack(">I", len(message)) + message)

    def frames(self):
        """The frames that the server sends, until it closes the connection."""
        self.socket.settimeout(PATIENCE)
        while True:
            while len(self.received) < 9 or len(self.received) < 9 + int.from_bytes(self.received[:3], "big"):
                try:
                    more = self.socket.recv(1 << 16)
                except ConnectionResetError:
                    return
                if not more:
                    return
                self.received += more
            length = int.from_bytes(self.received[:3], "big")
            kind, flags, stream = struct.unpack(">BBI", self.received[3:9])
            payload, self.received = self.received[9:9 + length], self.received[9 + length:]
            if kind == SETTINGS and not flags & ACK:
                self.send(frame(SETTINGS, ACK, 0))
            yield kind, flags, stream, payload

    def outcome(self, may_live=False):
        """What the server makes of what was sent: "goaway", "reset", "answered" or "closed"; "alive" if it may do nothing, and answers a ping."""
        mark = os.urandom(8)
        self.send(frame(PING, 0, 0, mark))
        for kind, flags, _, payload in self.frames():
            if kind == GOAWAY and payload[4:8] != b"\0\0\0\0":
                return "goaway"
            if kind == RST_STREAM:
                return "reset"
            if kind == HEADERS and flags & END_STREAM:
                return "answered"
            if may_live and kind == PING and flags & ACK and payload == mark:
                return "alive"
        return "closed"

    def wait_closed(self):
        """Seconds until the server closes the connection, whatever it sends before."""
        began = time.monotonic()
        for _ in self.frames():
            pass
        return time.monotonic() - began


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + struct.pack(">BBI", kind, flags, stream) + payload


def setting(identifier, value):
    return struct.pack(">HI", identifier, value)
