import os
import subprocess
import threading
import time
import unittest

import grpc

from contracts import HealthCheckRequest, HealthCheckResponse, HealthStub, SimulationServiceStub, simulation
from server import LONG_RUN, TIMEOUT, assert_refused, connect

DRAIN_SECONDS = 1


class ShutdownTests(unittest.TestCase):
    def test_sigterm_tells_watchers_then_ends_what_runs_after_the_drain_time(self):
        server, address = self.start_server()
        channel = connect(self, address)
        client = SimulationServiceStub(channel)
        watch = HealthStub(channel).Watch(HealthCheckRequest(), timeout=TIMEOUT)
        stream = client.StreamSimulation(simulation.StreamSimulationRequest(spec=LONG_RUN), timeout=TIMEOUT)
        self.assertEqual(next(watch).status, HealthCheckResponse.SERVING)
        self.assertEqual(next(stream).frame.step, 1)

        told = time.monotonic()
        server.terminate()

        self.assertEqual(next(watch).status, HealthCheckResponse.NOT_SERVING)
        refused = assert_refused(self, lambda: client.Simulate(simulation.SimulateRequest(), timeout=TIMEOUT))
        ended = assert_refused(self, lambda: list(stream))
        drained = time.monotonic() - told
        watch_ended = assert_refused(self, lambda: next(watch))

        for error in (refused, ended, watch_ended):
            self.assertEqual((error.code(), error.details()), (grpc.StatusCode.UNAVAILABLE, "The server is stopping."))
        self.assertGreaterEqual(drained, DRAIN_SECONDS)
        self.assertEqual(server.wait(TIMEOUT), 0)

    def start_server(self):
        arguments = f"serve --urls http://127.0.0.1:0 --set Shutdown:DrainTime=00:00:0{DRAIN_SECONDS}"
        command = ["dotnet", os.environ["INTEROP_DLL"], *arguments.split()]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.communicate)

        # Whatever the test waits for ends when the server does.
        watchdog = threading.Timer(TIMEOUT, server.kill)
        watchdog.start()
        self.addCleanup(watchdog.cancel)
        self.addCleanup(server.kill)

        line = server.stdout.readline().strip()
        self.assertRegex(line, r"^Listening on http://127\.0\.0\.1:\d+$")
        return server, line.removeprefix("Listening on http://")
