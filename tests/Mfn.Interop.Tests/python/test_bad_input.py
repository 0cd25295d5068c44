import math
import unittest

import grpc

from contracts import BadRequest, HealthCheckRequest, HealthCheckResponse, HealthStub, SimulationServiceStub, simulation, simulation_pb2
from server import TIMEOUT, assert_refused, connect, error_detail


class BadInputTests(unittest.TestCase):
    def setUp(self):
        self.channel = connect(self)
        self.client = SimulationServiceStub(self.channel)

    def test_grid_of_3_is_refused_with_the_field_its_range_and_its_value(self):
        request = simulation.SimulateRequest(spec=simulation_pb2.SimulationSpec(grid_size=3))

        error = assert_refused(self, lambda: self.client.Simulate(request, timeout=TIMEOUT))

        self.assertEqual(error.details(), "spec.grid_size must be between 4 and 1024, but was 3.")
        self.assert_violations(error, {"spec.grid_size": "must be between 4 and 1024, but was 3"})

    def test_two_problems_are_both_named(self):
        spec = simulation_pb2.SimulationSpec(alpha=math.nan)
        stream = self.client.StreamSimulation(
            simulation.StreamSimulationRequest(spec=spec, every_n_steps=0), timeout=TIMEOUT
        )

        error = assert_refused(self, lambda: next(stream))

        violations = {
            "spec.alpha": "must be at least 0 and below 0.25, but was NaN",
            "every_n_steps": "must be between 1 and 10000, but was 0",
        }
        self.assertEqual(
            error.details(), " ".join(f"{field} {description}." for field, description in violations.items())
        )
        self.assert_violations(error, violations)

    def test_request_of_more_than_4_mib_is_refused_with_the_limit(self):
        health = HealthStub(self.channel)

        error = assert_refused(
            self, lambda: health.Check(HealthCheckRequest(service="x" * 5 * 1024 * 1024), timeout=TIMEOUT)
        )
        response = health.Check(HealthCheckRequest(), timeout=TIMEOUT)

        self.assertEqual(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertEqual(error.details(), "The request message exceeds the server's limit of 4194304 bytes.")
        self.assertEqual(response.status, HealthCheckResponse.SERVING)

    def assert_violations(self, error, expected):
        bad_request = error_detail(self, error, BadRequest)
        self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(
            {violation.field: violation.description for violation in bad_request.field_violations}, expected
        )
