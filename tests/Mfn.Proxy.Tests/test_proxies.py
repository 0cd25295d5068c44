"""What is promised behind a proxy, with the configurations that users get."""

import json
import os
import queue
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import grpc
import numpy

from contracts import AggregationServiceStub, RunServiceStub, SimulationServiceStub, aggregation, field_pb2, run_pb2, runs, simulation, simulation_pb2
from proxies import AUTHORITY, DLL, KINDS, PATIENCE, WORK, HAProxy, Nginx, Server
from watcher import Watcher

WATCHES = 1000
UPLOAD_BYTES = 200_000_000

# How long the silent call lasts.
SILENCE = int(os.environ["PROXY_SILENCE"])

# Cheap, and longer than any test.
LONG_SPEC = simulation_pb2.SimulationSpec(grid_size=1024, steps=100_000_000)
LONG_STEPS = "Limits:MaxSteps=100000000"


def connect(test, address):
    credentials = grpc.ssl_channel_credentials(AUTHORITY.read_bytes())
    channel = grpc.secure_channel(address, credentials, [("grpc.use_local_subchannel_pool", 1)])
    test.addCleanup(channel.close)
    return channel


def direct(test, server):
    channel = grpc.insecure_channel(f"127.0.0.1:{server.port}")
    test.addCleanup(channel.close)
    return RunServiceStub(channel)


def mfn(proxy, *arguments, **options):
    command = ["dotnet", DLL, *arguments, "--server", f"https://{proxy.address}", "--tls-ca", str(AUTHORITY)]
    return subprocess.run(command, capture_output=True, text=True, timeout=4 * PATIENCE, check=False, **options)


class ProxyTests(unittest.TestCase):
    def test_1000_watches_on_one_connection_are_served(self):
        server = Server(self, "Limits:MaxConcurrentComputations=16").start()
        client = direct(self, server)
        creation = runs.CreateRunRequest(spec=simulation_pb2.SimulationSpec(grid_size=16), paused=True)
        run = client.CreateRun(creation, timeout=PATIENCE).run
        for kind in KINDS:
            with self.subTest(kind.__name__):
                proxy = kind(self, server).start()
                command = ["node", str(Path(__file__).parent / "client.mjs"), "many", proxy.address, str(AUTHORITY), run.run_id, str(WATCHES)]
                said = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=2 * PATIENCE, check=True).stdout
                self.assertEqual(json.loads(said), {"watches": WATCHES, "together": True})
                proxy.stop()

    def test_an_upload_of_200_megabytes_passes(self):
        server = Server(self).start()
        file = WORK / "updates.npy"
        self.addCleanup(file.unlink)
        numpy.save(file, numpy.ones((5, UPLOAD_BYTES // 20), numpy.float32))
        for kind in KINDS:
            with self.subTest(kind.__name__):
                proxy = kind(self, server).start()
                answer = mfn(proxy, "aggregate", str(file), "--rule", "mean", "--byzantine", "0", "--json", "--out", str(WORK / "aggregate.npy"))
                self.assertEqual((answer.returncode, answer.stderr.count("refused")), (0, 0), answer.stderr)
                self.assertTrue((numpy.load(WORK / "aggregate.npy") == 1).all())
                proxy.stop()

    def test_a_limit_of_bodies_is_told_in_a_status(self):
        server = Server(self).start()
        proxy = Nginx(self, server, changes={r"client_max_body_size 0": "client_max_body_size 1m"}).start()
        update = aggregation.ClientUpdate(client_id="a", values=bytes(2_000_000))
        with self.assertRaises(grpc.RpcError) as caught:
            AggregationServiceStub(connect(self, proxy.address)).Aggregate(aggregation.AggregateRequest(updates=[update]), timeout=PATIENCE)
        self.assertEqual((caught.exception.code(), caught.exception.details()), (grpc.StatusCode.RESOURCE_EXHAUSTED, "The request is larger than the proxy allows."))

    def test_a_silent_stream_ends_by_its_own_deadline(self):
        server = Server(self, LONG_STEPS).start()
        proxies = [kind(self, server).start() for kind in KINDS]
        if SILENCE > 60:
            # With nginx's own minute, too: the server's headers, then its PINGs, are signs of life.
            proxies.append(Nginx(self, server, changes={r"^ +grpc_(read|send)_timeout .*$": ""}).start())
        calls = []
        for proxy in proxies:
            client = SimulationServiceStub(connect(self, proxy.address))
            calls.append(client.StreamSimulation(simulation.StreamSimulationRequest(spec=LONG_SPEC, every_n_steps=LONG_SPEC.steps), timeout=SILENCE))
        for call in calls:
            self.assertEqual(call.exception(timeout=SILENCE + PATIENCE).code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    def test_heartbeats_outlast_short_time_outs_and_silent_calls_do_not(self):
        server = Server(self, LONG_STEPS, "Runs:HeartbeatInterval=00:00:01").start()
        creation = runs.CreateRunRequest(spec=simulation_pb2.SimulationSpec(grid_size=16), paused=True)
        run_id = direct(self, server).CreateRun(creation, timeout=PATIENCE).run.run_id
        short = {
            Nginx: {r"^( +grpc_(read|send)_timeout) .*$": r"\1 3s;", r"^( +client_body_timeout) .*$": r"\1 3s;"},
            HAProxy: {r"^( +timeout (client|server)) .*$": r"\1 3s"},
        }
        streams, silent = [], []
        for kind, changes in short.items():
            channel = connect(self, kind(self, server, changes=changes).start().address)
            client = RunServiceStub(channel)
            commands = queue.SimpleQueue()
            self.addCleanup(commands.put, None)
            outcomes = client.SteerRun(iter(commands.get, None), timeout=PATIENCE)
            watch = client.WatchRun(runs.WatchRunRequest(run_id=run_id), timeout=PATIENCE)
            streams.append((kind.__name__, commands, outcomes, watch))
            silent.append((kind.__name__, SimulationServiceStub(channel).Simulate.future(simulation.SimulateRequest(spec=LONG_SPEC))))

        for name, call in silent:
            with self.subTest(f"a silent call through {name}"):
                self.assertIn(
                    call.exception(timeout=PATIENCE).code(), (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED))
        for name, commands, outcomes, watch in streams:
            with self.subTest(f"silent streams through {name}"):
                beats = [next(outcomes).WhichOneof("outcome") for _ in range(7)]
                self.assertEqual(set(beats), {"heartbeat"})
                kinds = [next(watch).WhichOneof("kind") for _ in range(8)]
                self.assertEqual(kinds[0], "snapshot")
                commands.put(runs.SteerRunRequest(run_id=run_id, command=run_pb2.RunCommand(command_id=name, take_steps=run_pb2.TakeSteps(steps=1))))
                outcome = next(each for each in outcomes if each.WhichOneof("outcome") != "heartbeat")
                self.assertEqual((outcome.command_id, outcome.WhichOneof("outcome")), (name, "applied"))

    def test_restarts_of_server_and_proxy_leave_every_watcher_with_the_whole_run(self):
        server = Server(self, f"Runs:DataDirectory={WORK}/runs").start()
        proxies = [kind(self, server).start() for kind in KINDS]
        steps = 600
        creation = runs.CreateRunRequest(spec=simulation_pb2.SimulationSpec(grid_size=16, steps=steps), steps_per_second=40, history_steps=steps)
        run_id = direct(self, server).CreateRun(creation, timeout=PATIENCE).run.run_id
        watchers = [watcher(self, proxy, run_id) for proxy in proxies for watcher in (DotnetWatcher, NodeWatcher, PythonWatcher)]
        for watcher in watchers:
            watcher.await_first()

        for disturb in (
            lambda: server.stop(),
            lambda: server.stop(kill=True),
            lambda: [proxy.stop() for proxy in proxies],
        ):
            disturb()
            for process in (server, *proxies):
                if process._process.poll() is not None:
                    process.start()

        for watcher in watchers:
            with self.subTest(f"{type(watcher).__name__} through {type(watcher.proxy).__name__}"):
                seen, gaps, losses = watcher.result()
                self.assertEqual(seen, list(range(steps + 1)), f"After {losses}")
                self.assertEqual(gaps, 0)
                self.assertTrue(losses)


class DotnetWatcher:
    """`mfn run watch`, which checks the chain of what it is sent."""

    def __init__(self, test, proxy, run_id):
        self.proxy = proxy
        self._events = []
        self._begun = threading.Event()
        self._errors = tempfile.TemporaryFile("w+")
        test.addCleanup(self._errors.close)
        command = ["dotnet", DLL, "run", "watch", run_id, "--from-step", "0", "--json", "--server", f"https://{proxy.address}", "--tls-ca", str(AUTHORITY)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._errors, text=True)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        test.addCleanup(self._thread.join)
        test.addCleanup(self._process.wait)
        test.addCleanup(self._process.kill)

    def await_first(self):
        if not self._begun.wait(PATIENCE):
            raise AssertionError("There was no event.")

    def result(self):
        code = self._process.wait(timeout=2 * PATIENCE)
        self._thread.join()
        self._errors.seek(0)
        errors = self._errors.read()
        if code != 0:
            raise AssertionError(errors)
        kinds = [event["kind"] for event in self._events]
        return [event["step"] for event in self._events if event["kind"] == "frame"], kinds.count("gap"), errors.count("Trying again")

    def _read(self):
        with self._process.stdout as lines:
            for line in lines:
                self._events.append(json.loads(line))
                self._begun.set()


class NodeWatcher:
    def __init__(self, test, proxy, run_id):
        self.proxy = proxy
        command = ["node", str(Path(__file__).parent / "client.mjs"), "watch", proxy.address, str(AUTHORITY), run_id]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        test.addCleanup(self._process.communicate)
        test.addCleanup(self._process.kill)

    def await_first(self):
        self._process.stdout.readline()

    def result(self):
        output, _ = self._process.communicate(timeout=2 * PATIENCE)
        seen = json.loads(output)
        return seen["steps"], seen["gaps"], seen["losses"]


class PythonWatcher:
    def __init__(self, test, proxy, run_id):
        self.proxy = proxy
        self._losses = []
        self._error = None
        self._begun = threading.Event()
        request = {"run_id": run_id, "from_step": 0, "field_encoding": field_pb2.FIELD_ENCODING_QUANTIZED16, "key_frame_interval": 20}
        self._watcher = Watcher(test, RunServiceStub(connect(test, proxy.address)), **request)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def await_first(self):
        if not self._begun.wait(PATIENCE):
            raise AssertionError("There was no message.")

    def result(self):
        self._thread.join(2 * PATIENCE)
        if self._error is not None:
            raise self._error
        return [frame.step for frame in self._watcher.frames], self._watcher.kinds.count("gap"), self._losses

    def _watch(self):
        end = time.monotonic() + 2 * PATIENCE
        try:
            while "end" not in self._watcher.kinds[-1:] and time.monotonic() < end:
                try:
                    self._watcher.watch(lambda _: self._begun.set())
                except grpc.RpcError as error:
                    self._losses.append(f"{error.code().name}: {error.details()}")
                    time.sleep(0.1)
        except Exception as error:
            self._error = error


if __name__ == "__main__":
    unittest.main()
