"""Abuse of HTTP/2 and of TLS: the client that does it may lose its connection, all others are served, and the server forgets it."""

import contextlib
import os
import resource
import socket
import ssl
import struct
import time
import unittest

import grpc

from http2 import *
from server import WORK, start

RESETS = 20_000
IDLE_CONNECTIONS = 5_000
HALF_HANDSHAKES = 1_000

# At rest, and 64 KiB for each of the connections that are open at once.
MOST_RESIDENT_BYTES = (192 << 20) + IDLE_CONNECTIONS * (64 << 10)

SECURE_FILES = {name: WORK / "certificates" / f"server.{name}" for name in ("pem", "key")}


class FramesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most < IDLE_CONNECTIONS + 500:
            raise AssertionError(f"{IDLE_CONNECTIONS} connections need as many files, but no process may open more than {most} here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def setUp(self):
        self.server = start(self, self.id().rsplit(".", 1)[1], "Limits:MaxStreamsPerConnection=100")

    def test_streams_opened_and_reset(self):
        """Rapid reset: the server ends a connection that goes on with it, and the next one begins anew."""
        sent = connections = 0
        while sent < RESETS:
            connections += 1
            with Connection(self.server.port) as client:
                stream = 1
                while sent < RESETS and client.send(*(
                    part for i in range(50) for part in (client.headers(stream + 2 * i), frame(RST_STREAM, 0, stream + 2 * i, struct.pack(">I", 8)))
                )):
                    sent += 50
                    stream += 100
        self.assertTrue(1 < connections < RESETS)
        self.unharmed()

    def test_streams_opened_and_reset_in_the_middle_of_a_message(self):
        with Connection(self.server.port) as client:
            for stream in range(1, 2001, 2):
                client.send(client.headers(stream), frame(DATA, 0, stream, b"\0\0\0\1\0half"), frame(RST_STREAM, 0, stream, struct.pack(">I", 8)))
                if stream % 50 == 1 and client.outcome(may_live=True) in ("goaway", "closed"):
                    break
        self.unharmed()

    def test_idle_connections(self):
        with contextlib.ExitStack() as stack:
            for i in range(IDLE_CONNECTIONS):
                stack.enter_context(Connection(self.server.port, greet=i % 2 == 0))
                if i % 1000 == 999:
                    self.server.simulate()
            self.unharmed()

    def test_half_handshakes(self):
        """Of a handshake that is not finished the connection ends by itself, and honest clients are served meanwhile."""
        secure = start(self, "half-handshakes", f"Tls:CertificateFile={SECURE_FILES['pem']}", f"Tls:KeyFile={SECURE_FILES['key']}", scheme="https")
        credentials = grpc.ssl_channel_credentials(SECURE_FILES["pem"].read_bytes())
        hello = ssl_hello()
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(Connection(secure.port, greet=False)) for _ in range(HALF_HANDSHAKES)]
            for i, client in enumerate(clients):
                client.send((b"", hello[:5], hello[:len(hello) // 2], hello, PREFACE, os.urandom(300))[i % 6])
            self.assertTrue(-100 < secure.simulate(credentials) < 50)
            for client in clients:
                client.socket.settimeout(PATIENCE)
                with contextlib.suppress(ConnectionResetError):
                    while client.socket.recv(1 << 16):
                        pass
            self.assertTrue(-100 < secure.simulate(credentials) < 50)
        self.assertLess(secure.resident_bytes(), MOST_RESIDENT_BYTES)
        secure.assert_log_is_fine(self)

    def test_floods_that_are_not_read(self):
        """Each of these frames has an answer, and the server keeps only some of them."""
        for name, part in {
            "settings": frame(SETTINGS, 0, 0, setting(4, 65535)),
            "pings": frame(PING, 0, 0, bytes(8)),
            "resets": frame(RST_STREAM, 0, 1, bytes(4)),
            "priorities": frame(PRIORITY, 0, 3, b"\0\0\0\0\x10"),
            "empty data": frame(DATA, 0, 1),
            "unknown": frame(0x55, 0xFF, 7, bytes(100)),
            "window updates": frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1"),
        }.items():
            with self.subTest(name), Connection(self.server.port) as client:
                client.socket.settimeout(PATIENCE)
                client.send(client.headers(1))
                for _ in range(200):
                    if not client.send(part * 500):
                        break
                self.server.simulate()
        self.unharmed()

    def test_continuations_without_end(self):
        with Connection(self.server.port) as client:
            client.send(client.headers(1, flags=0))
            for _ in range(10_000):
                if not client.send(frame(CONTINUATION, 0, 1, bytes(1000))):
                    break
            self.assertIn(client.outcome(), ("goaway", "closed"))
        with Connection(self.server.port) as client:
            client.send(client.headers(1, flags=0), *[frame(CONTINUATION, 0, 1)] * 10_000)
            self.assertIn(client.outcome(), ("goaway", "closed", "reset"))
        self.unharmed()

    def test_windows_that_stay_shut(self):
        """The answers wait, but not the server."""
        with contextlib.ExitStack() as stack:
            for _ in range(20):
                client = stack.enter_context(Connection(self.server.port, settings=setting(4, 0)))
                client.send(*(client.call(stream) for stream in range(1, 200, 2)))
            self.server.simulate()
        self.unharmed()

    def test_frames_that_break_a_rule(self):
        """None is taken for what it is not, and none is left without an answer: the connection ends, or the stream, or nothing."""
        ended = ("goaway", "closed")
        refused = (*ended, "reset", "answered")
        whatever = (*refused, "alive")
        for name, (expected, frames) in self.broken_rules().items():
            with self.subTest(name), Connection(self.server.port) as client:
                client.send(*frames(client))
                allowed = {"ended": ended, "refused": refused, "whatever": whatever}[expected]
                self.assertIn(client.outcome(may_live=expected == "whatever"), allowed)
        self.unharmed()

    def test_not_http2_at_all(self):
        for name, data in {
            "HTTP/1.1": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "half a preface": PREFACE[:10] + b"XXXXXXXXXXXX\r\n\r\n",
            "TLS": ssl_hello(),
            "noise": bytes(range(256)) * 200,
            "control characters": b"\x1b]0;title\x07\r\n\0" * 500,
        }.items():
            with self.subTest(name), Connection(self.server.port, greet=False) as client:
                client.send(data)
                self.assertLess(client.wait_closed(), PATIENCE)
        self.unharmed()

    def test_a_message_byte_by_byte(self):
        with Connection(self.server.port) as client:
            client.send(client.headers(1))
            for byte in b"\0\0\0\0\2\x0a":
                self.assertTrue(client.send(frame(DATA, 0, 1, bytes([byte]))))
            client.send(frame(DATA, END_STREAM, 1, b"\0"))
            self.assertTrue(any(kind == HEADERS and flags & END_STREAM for kind, flags, _, _ in client.frames()))
        self.unharmed()

    def unharmed(self):
        self.server.assert_unharmed(self, MOST_RESIDENT_BYTES)

    @staticmethod
    def broken_rules():
        five = struct.pack(">I", 5)
        return {
            "data on stream 0": ("ended", lambda _: [frame(DATA, 0, 0, b"x")]),
            "headers on stream 0": ("ended", lambda c: [c.headers(0)]),
            "even stream": ("ended", lambda c: [c.headers(2)]),
            "stream that goes back": ("ended", lambda c: [c.call(5), c.call(3)]),
            "data on an idle stream": ("ended", lambda _: [frame(DATA, 0, 7, b"x")]),
            "data after the end": ("refused", lambda c: [c.call(1), frame(DATA, END_STREAM, 1, b"x")]),
            "headers after the end": ("refused", lambda c: [c.call(1), c.headers(1)]),
            "trailers in the middle": ("refused", lambda c: [c.headers(1), frame(DATA, 0, 1, b"\0\0"), c.headers(1), frame(DATA, END_STREAM, 1, b"\0\0\0")]),
            "trailers with pseudo headers": ("refused", lambda c: [c.headers(1), c.headers(1, flags=END_HEADERS | END_STREAM)]),
            "continuation of nothing": ("ended", lambda _: [frame(CONTINUATION, END_HEADERS, 1, b"")]),
            "data within headers": ("ended", lambda c: [c.headers(1, flags=0), frame(DATA, 0, 1, b"x")]),
            "too large": ("ended", lambda c: [c.headers(1), b"\xff\xff\xff" + frame(DATA, 0, 1)[3:]]),
            "settings of five bytes": ("ended", lambda _: [frame(SETTINGS, 0, 0, b"12345")]),
            "settings on a stream": ("ended", lambda _: [frame(SETTINGS, 0, 1)]),
            "acknowledgement with settings": ("ended", lambda _: [frame(SETTINGS, ACK, 0, setting(4, 1))]),
            "frame size setting": ("ended", lambda _: [frame(SETTINGS, 0, 0, setting(5, 1))]),
            "window setting": ("ended", lambda _: [frame(SETTINGS, 0, 0, setting(4, 2**31))]),
            "push setting": ("ended", lambda _: [frame(SETTINGS, 0, 0, setting(2, 7))]),
            "table setting": ("whatever", lambda c: [frame(SETTINGS, 0, 0, setting(1, 2**32 - 1)), c.call(1)]),
            "ping of seven bytes": ("ended", lambda _: [frame(PING, 0, 0, b"1234567")]),
            "ping on a stream": ("ended", lambda _: [frame(PING, 0, 3, bytes(8))]),
            "reset of three bytes": ("ended", lambda c: [c.headers(1), frame(RST_STREAM, 0, 1, b"123")]),
            "reset of an idle stream": ("ended", lambda _: [frame(RST_STREAM, 0, 9, five)]),
            "window of nothing": ("ended", lambda _: [frame(WINDOW_UPDATE, 0, 0, bytes(4))]),
            "window overflow": ("ended", lambda _: [frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff")] * 2),
            "window overflow of a stream": ("refused", lambda c: [c.headers(1), *[frame(WINDOW_UPDATE, 0, 1, b"\x7f\xff\xff\xff")] * 2]),
            "window of an idle stream": ("ended", lambda _: [frame(WINDOW_UPDATE, 0, 11, five)]),
            "priority of itself": ("refused", lambda _: [frame(PRIORITY, 0, 1, b"\0\0\0\1\0")]),
            "priority of four bytes": ("refused", lambda _: [frame(PRIORITY, 0, 1, bytes(4))]),
            "headers that depend on themselves": ("refused", lambda c: [frame(HEADERS, END_HEADERS | WITH_PRIORITY, 1, b"\0\0\0\1\0" + c.block())]),
            "padding beyond the frame": ("ended", lambda c: [c.headers(1), frame(DATA, PADDED, 1, b"\xffab")]),
            "padding alone": ("whatever", lambda c: [c.headers(1), *[frame(DATA, PADDED, 1, b"\x64" + bytes(100))] * 100]),
            "padded headers beyond the frame": ("ended", lambda c: [frame(HEADERS, END_HEADERS | PADDED, 1, b"\xff" + c.block())]),
            "push promise": ("ended", lambda c: [frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 2) + c.block())]),
            "goaway on a stream": ("ended", lambda _: [frame(GOAWAY, 0, 1, bytes(8))]),
            "damaged header block": ("ended", lambda _: [frame(HEADERS, END_HEADERS, 1, b"\xff" * 40)]),
            "table size beyond the setting": ("ended", lambda _: [frame(HEADERS, END_HEADERS, 1, b"\x3f\xff\xff\xff\x7f")]),
            "header of 100 KB": ("refused", lambda c: [headers_in_parts(c, [("x-large", "y" * 100_000)])]),
            "10,000 headers": ("refused", lambda c: [headers_in_parts(c, [(f"x-{i}", "y") for i in range(10_000)])]),
            "header of control characters": ("refused", lambda c: [c.call(1, extra=[("x-a", "a\r\nb\0\x1b[31m")])]),
            "capitals in a header": ("refused", lambda c: [c.call(1, extra=[("X-Capitals", "x")])]),
            "header of the connection": ("refused", lambda c: [c.call(1, extra=[("connection", "close")])]),
            "pseudo header late": ("refused", lambda c: [c.call(1, extra=[(":path", "/")])]),
            "no pseudo headers": ("refused", lambda c: [frame(HEADERS, END_HEADERS, 1, c.encoder.encode([("a", "b")]))]),
            "path that is none": ("refused", lambda c: [c.call(1, path="x\x1b")]),
            "path of 20 KB": ("refused", lambda c: [headers_in_parts(c, [], path="/" + "x" * 20_000)]),
            "method that is none": ("refused", lambda c: [c.call(1, method="MÖP")]),
            "get": ("refused", lambda c: [c.call(1, method="GET")]),
            "length that is not": ("refused", lambda c: [c.call(1, extra=[("content-length", "3")])]),
            "length that is none": ("refused", lambda c: [c.call(1, extra=[("content-length", "-1")])]),
            "more streams than allowed": ("refused", lambda c: [c.headers(stream) for stream in range(1, 1001, 2)]),
        }


def headers_in_parts(client, extra, path="/mfn.v1.SimulationService/Simulate"):
    """Headers that do not fit into one frame."""
    block = client.block(path, extra)
    parts = [block[i:i + 16_000] for i in range(0, len(block), 16_000)]
    first = frame(HEADERS, END_HEADERS if len(parts) == 1 else 0, 1, parts[0])
    return first + b"".join(frame(CONTINUATION, END_HEADERS if part is parts[-1] else 0, 1, part) for part in parts[1:])


def ssl_hello():
    """What a client of TLS says first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()
