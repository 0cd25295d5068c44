"""Clients that want ten times what the server allows, with an honest one beside them.

ABUSE_ATTACKS names those to make (default: a few that are quick; "all"), ABUSE_TABLE the page whose table is written anew.
"""

import json
import os
import re
import resource
import select
import struct
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

import grpc

import http2
import server as servers
from mfn.v1 import (
    aggregation_service_pb2, feature_service_pb2, field_pb2, fractal_service_pb2, membrane_service_pb2, run_service_pb2,
    run_pb2, run_service_pb2_grpc, simulation_pb2, simulation_service_pb2)

MIB = 1 << 20
SETTINGS = {
    "Limits:MaxMemoryBytes": 256 * MIB,
    "Limits:MaxConcurrentComputations": 8,
    "Limits:MaxAggregationBytes": 64 * MIB,
    "Limits:MaxTotalAggregationBytes": 128 * MIB,
    "Runs:MaxRuns": 8,
    "Streaming:UploadGracePeriod": "00:00:05",
    "Streaming:WriteTimeout": "00:00:10",
}
STREAMS = 200  # on one connection, below Limits:MaxStreamsPerConnection
QUICK = ("declared rounds", "silent uploads")


def most_resident_bytes():
    """As docs/configuration.md computes it."""
    return 256 * MIB + 64 * MIB * os.cpu_count() + SETTINGS["Limits:MaxMemoryBytes"] * 5 // 4


def message(body):
    return b"\0" + struct.pack(">I", len(body)) + body


class Attacker:
    """A connection that sends what it may and reads nothing but what it must know of flow control."""

    def __init__(self, port, window=65535):
        self.connection = http2.Connection(port, http2.setting(4, window))
        self.socket = self.connection.socket
        self.window = 65535
        self.initial = 65535
        self.windows = {}
        self.dead = False
        self.received = b""

    def open(self, stream, path, body=b"", ends=False):
        """Opens a call, and returns what is left to be sent of its body."""
        self.windows[stream] = self.initial
        self.put(self.connection.headers(stream, path))
        return [stream, memoryview(body), ends]

    def put(self, data):
        self.socket.settimeout(10)
        try:
            self.socket.sendall(data)
        except OSError:
            self.dead = True

    def run(self, uploads, until):
        """Sends bodies as far as the windows allow, until the time."""
        uploads = list(uploads)
        while not self.dead and time.monotonic() < until:
            self.read()
            moved = False
            for upload in uploads:
                stream, body, ends = upload
                if stream not in self.windows:
                    upload[1] = body[:0]
                    continue
                size = min(len(body), self.windows[stream], self.window, 16384)
                if size <= 0:
                    continue
                self.windows[stream] -= size
                self.window -= size
                upload[1] = body[size:]
                last = ends and len(upload[1]) == 0
                self.put(http2.frame(http2.DATA, http2.END_STREAM if last else 0, stream, bytes(body[:size])))
                moved = True
            uploads = [upload for upload in uploads if len(upload[1]) > 0]
            if not moved:
                self.wait(0.05)

    def wait(self, seconds):
        if not self.dead:
            select.select([self.socket], [], [], seconds)

    def read(self):
        while not self.dead and select.select([self.socket], [], [], 0)[0]:
            try:
                more = self.socket.recv(1 << 16)
            except OSError:
                more = b""
            if not more:
                self.dead = True
                return
            self.received += more
            while len(self.received) >= 9 and len(self.received) >= 9 + int.from_bytes(self.received[:3], "big"):
                length = int.from_bytes(self.received[:3], "big")
                kind, flags, stream = struct.unpack(">BBI", self.received[3:9])
                payload, self.received = self.received[9:9 + length], self.received[9 + length:]
                self.take(kind, flags, stream, payload)

    def take(self, kind, flags, stream, payload):
        if kind == http2.WINDOW_UPDATE:
            if stream == 0:
                self.window += int.from_bytes(payload, "big")
            elif stream in self.windows:
                self.windows[stream] += int.from_bytes(payload, "big")
        elif kind == http2.SETTINGS and not flags & http2.ACK:
            for i in range(0, len(payload), 6):
                identifier, value = struct.unpack(">HI", payload[i:i + 6])
                if identifier == 4:
                    self.windows = {key: size + value - self.initial for key, size in self.windows.items()}
                    self.initial = value
            self.put(http2.frame(http2.SETTINGS, http2.ACK, 0))
        elif kind == http2.RST_STREAM or flags & http2.END_STREAM:
            self.windows.pop(stream, None)

    def close(self):
        self.socket.close()


class Honest:
    """A client in a process of its own that simulates now and then, and watches a run."""

    def __init__(self, server):
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("honest.py")), server.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def close(self):
        """The slowest Simulate in seconds, the share of the frames that came in time, and what failed, if anything did."""
        out, _ = self.process.communicate(timeout=60)
        answer = json.loads(out)
        return answer["slowest"], answer["pace"], answer["failed"]

    def abandon(self):
        """Ends it if it has not ended."""
        self.process.kill()
        self.process.communicate()


def spread(server, count, path, body, ends=False, window=65535, seconds=8, each=STREAMS, pause=0):
    """So many calls on as many connections as they need; returns the connections."""
    attackers, threads = [], []
    until = time.monotonic() + seconds
    for first in range(0, count, each):
        attacker = Attacker(server.port, window)
        attackers.append(attacker)

        def work(attacker=attacker, number=min(each, count - first)):
            uploads = []
            for i in range(number):
                uploads.append(attacker.open(1 + 2 * i, path, body, ends))
                if pause:
                    attacker.run(uploads[-1:], time.monotonic() + pause)
            attacker.run(uploads, until)

        threads.append(threading.Thread(target=work, daemon=True))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return attackers


def bytes_field(rows, columns, values):
    return field_pb2.Field(rows=rows, columns=columns, encoding=field_pb2.FIELD_ENCODING_FLOAT64, values=values)


def unread_answers(server):
    request = simulation_service_pb2.SimulateRequest(
        spec=simulation_pb2.SimulationSpec(grid_size=512, steps=1), field_encoding=field_pb2.FIELD_ENCODING_FLOAT64)
    return spread(server, 1280, "/mfn.v1.SimulationService/Simulate", message(request.SerializeToString()), ends=True, window=0, pause=0.1)


def unread_small_answers(server):
    request = membrane_service_pb2.ComputeNernstPotentialRequest(valence=1, outside_molar=0.005, inside_molar=0.14)
    return spread(server, 10000, "/mfn.v1.MembraneService/ComputeNernstPotential", message(request.SerializeToString()), ends=True, window=0)


def imports(server):
    with grpc.insecure_channel(server.address) as channel:
        runs = run_service_pb2_grpc.RunServiceStub(channel)
        run = runs.CreateRun(run_service_pb2.CreateRunRequest(spec=simulation_pb2.SimulationSpec(grid_size=512), paused=True, history_steps=0)).run
        chunks = [response.chunk for response in runs.ExportRun(run_service_pb2.ExportRunRequest(run_id=run.run_id))]
        runs.DeleteRun(run_service_pb2.DeleteRunRequest(run_id=run.run_id))
    body = message(run_service_pb2.ImportRunRequest(start=run_service_pb2.ImportRunStart()).SerializeToString())
    body += b"".join(message(run_service_pb2.ImportRunRequest(chunk=chunk).SerializeToString()) for chunk in chunks[:-1])
    return spread(server, 10 * SETTINGS["Limits:MaxMemoryBytes"] // len(body), "/mfn.v1.RunService/ImportRun", body, each=50)


def round_start(count, length):
    spec = aggregation_service_pb2.AggregationSpec(length=length, byzantine_count=1, encoding=aggregation_service_pb2.VECTOR_ENCODING_FLOAT32)
    spec.rule.median.SetInParent()
    return message(aggregation_service_pb2.AggregateStreamRequest(spec=spec, update_count=count).SerializeToString())


def declared_rounds(server):
    length = 200_000
    body = round_start(60, length)
    for i in range(60):
        declaration = aggregation_service_pb2.UpdateDeclaration(client_id=f"c{i}", length=length)
        chunk = aggregation_service_pb2.UpdateChunk(client_id=f"c{i}", values=b"\0")
        body += message(aggregation_service_pb2.AggregateStreamRequest(declarations=[declaration], chunks=[chunk]).SerializeToString())
    return spread(server, 40, "/mfn.v1.AggregationService/AggregateStream", body, each=10)


def silent_uploads(server):
    return spread(server, 80, "/mfn.v1.AggregationService/AggregateStream", round_start(3, 1000)) + spread(
        server, 80, "/mfn.v1.FractalService/ComputeBoxCountingDimensionStream", b"", seconds=3) + spread(
        server, 80, "/mfn.v1.RunService/CreateRunStream", b"", seconds=3)


def giant_messages(server):
    request = fractal_service_pb2.ComputeBoxCountingDimensionRequest(field=bytes_field(500, 1000, bytes(4_000_000)))
    body = message(request.SerializeToString())[:-1]
    return spread(server, 640, "/mfn.v1.FractalService/ComputeBoxCountingDimension", body, each=40)


def large_frames(server):
    body = message(feature_service_pb2.StreamFeaturesRequest(start=feature_service_pb2.StreamFeaturesStart()).SerializeToString())
    body += message(feature_service_pb2.StreamFeaturesRequest(frame=bytes_field(1024, 1024, bytes(8))).SerializeToString())
    return spread(server, 2000, "/mfn.v1.FeatureService/StreamFeatures", body)


def half_commands(server):
    with grpc.insecure_channel(server.address) as channel:
        runs = run_service_pb2_grpc.RunServiceStub(channel)
        run_id = runs.CreateRun(run_service_pb2.CreateRunRequest(spec=simulation_pb2.SimulationSpec(grid_size=1024), paused=True, history_steps=0)).run.run_id
    command = run_pb2.RunCommand(command_id="a", replace_potential=bytes_field(1024, 1024, b""))
    body = message(run_service_pb2.SteerRunRequest(run_id=run_id, command=command, values_follow=True).SerializeToString())
    body += 7 * message(run_service_pb2.SteerRunRequest(values=bytes(MIB)).SerializeToString())
    return spread(server, 360, "/mfn.v1.RunService/SteerRun", body, each=40)


def connections(server):
    made = []
    for _ in range(5000):
        try:
            made.append(Attacker(server.port))
        except ConnectionError:
            # There is no memory for it.
            pass
    return made


def streams(server):
    return spread(server, 10240, "/mfn.v1.RunService/SteerRun", b"", each=256)


def runs(server):
    made = 0
    with grpc.insecure_channel(server.address) as channel:
        stub = run_service_pb2_grpc.RunServiceStub(channel)
        for i in range(80):
            try:
                stub.CreateRun(run_service_pb2.CreateRunRequest(
                    spec=simulation_pb2.SimulationSpec(grid_size=1024, seed=i), steps_per_second=1, name=f"abuse-{i}"))
                made += 1
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED:
                    raise
    time.sleep(5)
    return []


def watchers(server):
    with grpc.insecure_channel(server.address) as channel:
        stub = run_service_pb2_grpc.RunServiceStub(channel)
        request = run_service_pb2.CreateRunRequest(spec=simulation_pb2.SimulationSpec(grid_size=512), steps_per_second=20, history_steps=0)
        request.stop.never = True
        run_id = stub.CreateRun(request).run.run_id
    attackers, until = [], time.monotonic() + 10
    for first in range(0, 300, 100):
        attacker = Attacker(server.port, 0)
        attackers.append(attacker)
        for i in range(100):
            watch = run_service_pb2.WatchRunRequest(run_id=run_id, field_encoding=field_pb2.FIELD_ENCODING_FLOAT64, backlog_frames=1024)
            watch.delivery = run_service_pb2.DELIVERY_DROP_OLDEST
            watch.region.CopyFrom(run_pb2.Region(row=first + i, column=i, rows=200, columns=200))
            attacker.run([attacker.open(1 + 2 * i, "/mfn.v1.RunService/WatchRun", message(watch.SerializeToString()), True)], time.monotonic() + 0.2)
    time.sleep(max(0, until - time.monotonic()))
    return attackers


ATTACKS = {
    "unread answers": ("1280 unary answers of 2 MiB that nobody reads", unread_answers),
    "unread small answers": ("10000 small unary answers that nobody reads", unread_small_answers),
    "imports": ("imports of 2.5 GiB that stop before their end", imports),
    "declared rounds": ("40 rounds that declare 60 MiB each and bring a byte of each update", declared_rounds),
    "silent uploads": ("240 uploads that begin and stop", silent_uploads),
    "giant messages": ("640 messages of 4 MB without their last byte", giant_messages),
    "large frames": ("2000 frames of 8 MiB of which 8 bytes come", large_frames),
    "half commands": ("360 commands that replace a field of 8 MiB and bring 7 MiB", half_commands),
    "connections": ("5000 connections that do nothing", connections),
    "streams": ("10240 open calls that do nothing", streams),
    "runs": ("80 live runs of 1024 x 1024", runs),
    "watchers": ("300 watchers of different regions that read nothing", watchers),
}


class LimitsTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # A connection is a file, here and in the server, which inherits the limit.
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def test_attacks(self):
        names = os.environ.get("ABUSE_ATTACKS", "")
        names = list(ATTACKS) if names == "all" else [name.strip() for name in names.split(",") if name.strip()] or list(QUICK)
        rows = []
        for name in names:
            with self.subTest(name):
                try:
                    self.attack(name, rows)
                finally:
                    self.doCleanups()
        if "ABUSE_TABLE" in os.environ:
            write_table(Path(os.environ["ABUSE_TABLE"]), rows)

    def attack(self, name, rows):
        what, make = ATTACKS[name]
        server = servers.start(self, name.replace(" ", "-"), *(f"{setting}={value}" for setting, value in SETTINGS.items()))
        server.simulate()
        before = server.resident_bytes()
        honest = Honest(server)
        self.addCleanup(honest.abandon)
        peak, ended = [before], threading.Event()

        def look():
            while not ended.wait(0.1) and server.process.poll() is None:
                peak[0] = max(peak[0], server.resident_bytes())

        self.addCleanup(ended.set)
        looking = threading.Thread(target=look, daemon=True)
        looking.start()
        attackers = make(server)
        time.sleep(2)
        slowest, pace, failed = honest.close()
        for attacker in attackers:
            attacker.close()
        self.delete_runs(server)
        left = time.monotonic()
        while server.resident_bytes() > before + 96 * MIB and time.monotonic() < left + 60:
            time.sleep(0.5)
        back, after = time.monotonic() - left, server.resident_bytes()
        ended.set()
        looking.join()
        print(f"{name}: peak {peak[0] // MIB} MiB of {most_resident_bytes() // MIB}, Simulate {slowest:.2f} s, pace {pace:.2f}, "
              f"{after // MIB} MiB after {back:.0f} s, {failed}", flush=True)
        rows.append((what, peak[0], slowest, pace, after, back))
        self.assertIsNone(failed)
        self.assertLess(peak[0], most_resident_bytes())
        self.assertLess(slowest, 1 if "ABUSE_TABLE" in os.environ else 10)
        self.assertGreater(pace, 0.9 if "ABUSE_TABLE" in os.environ else 0.5)
        self.assertLess(after, before + 96 * MIB)
        server.assert_log_is_fine(self)

    def delete_runs(self, server):
        with grpc.insecure_channel(server.address) as channel:
            stub = run_service_pb2_grpc.RunServiceStub(channel)
            for run in stub.ListRuns(run_service_pb2.ListRunsRequest()).runs:
                stub.DeleteRun(run_service_pb2.DeleteRunRequest(run_id=run.run_id))


def write_table(page, rows):
    lines = ["| attack | peak of resident memory | slowest `Simulate` beside it | pace of the watch | resident memory afterwards |", "|---|---|---|---|---|"]
    lines += [
        f"| {what} | {peak // MIB} MiB | {slowest:.2f} s | {min(pace, 1):.0%} | {after // MIB} MiB, {back:.0f} s later |"
        for what, peak, slowest, pace, after, back in rows]
    text = page.read_text()
    page.write_text(re.sub(r"(?<=<!-- table -->\n).*?(?=<!-- end of table -->)", lambda _: "\n".join(lines) + "\n", text, flags=re.DOTALL))
