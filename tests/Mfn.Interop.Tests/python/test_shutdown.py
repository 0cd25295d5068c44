import time
import unittest

import grpc

from contracts import HealthCheckRequest, HealthCheckResponse, HealthStub, RetryInfo, SimulationServiceStub, simulation
from server import LONG_RUN, TIMEOUT, assert_refused, connect, error_detail, start_server

DRAIN_SECONDS = 1


class ShutdownTests(unittest.TestCase):
    def test_sigterm_tells_watchers_then_ends_what_runs_after_the_drain_time(self):
        server, address = start_server(self, f"Shutdown:DrainTime=00:00:0{DRAIN_SECONDS}")
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
        self.assertTrue(watch.is_active())
        ended = assert_refused(self, lambda: list(stream))
        drained = time.monotonic() - told
        watch_ended = assert_refused(self, lambda: next(watch))

        for error in (refused, ended, watch_ended):
            self.assertEqual((error.code(), error.details()), (grpc.StatusCode.UNAVAILABLE, "The server is stopping."))
            self.assertEqual(error_detail(self, error, RetryInfo).retry_delay.ToTimedelta().total_seconds(), 1)
        self.assertGreaterEqual(drained, DRAIN_SECONDS)
        self.assertEqual(server.wait(TIMEOUT), 0)
