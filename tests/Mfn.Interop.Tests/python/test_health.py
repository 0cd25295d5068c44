import unittest

import grpc

from contracts import HealthCheckRequest, HealthCheckResponse, HealthStub
from server import TIMEOUT, assert_cancelled, assert_refused, connect


class HealthTests(unittest.TestCase):
    def setUp(self):
        self.client = HealthStub(connect(self))

    def test_check_of_the_server_and_each_service_is_serving(self):
        for service in ("", "mfn.v1.SimulationService", "mfn.v1.MembraneService"):
            with self.subTest(service):
                response = self.client.Check(HealthCheckRequest(service=service), timeout=TIMEOUT)
                self.assertEqual(response.status, HealthCheckResponse.SERVING)

    def test_unknown_service_is_not_found_and_watch_says_so(self):
        request = HealthCheckRequest(service="mfn.v1.Nothing")
        watch = self.client.Watch(request, timeout=TIMEOUT)

        error = assert_refused(self, lambda: self.client.Check(request, timeout=TIMEOUT))

        self.assertEqual(
            (error.code(), error.details()), (grpc.StatusCode.NOT_FOUND, "The server has no service 'mfn.v1.Nothing'.")
        )
        self.assertEqual(next(watch).status, HealthCheckResponse.SERVICE_UNKNOWN)
        assert_cancelled(self, watch)

    def test_150_watches_on_one_connection_are_all_answered_while_all_are_open(self):
        watches = [self.client.Watch(HealthCheckRequest(), timeout=TIMEOUT) for _ in range(150)]

        first = [next(watch).status for watch in watches]

        self.assertEqual(first, [HealthCheckResponse.SERVING] * 150)
        for watch in watches:
            assert_cancelled(self, watch)
