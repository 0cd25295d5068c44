import hashlib
import struct
import unittest

import grpc

from contracts import SimulationServiceStub, field_pb2, simulation, simulation_pb2
from server import TIMEOUT, assert_refused, connect, golden


class SimulateTests(unittest.TestCase):
    def setUp(self):
        self.client = SimulationServiceStub(connect(self))

    def simulate(self, spec=None, encoding=field_pb2.FIELD_ENCODING_UNSPECIFIED):
        return self.client.Simulate(simulation.SimulateRequest(spec=spec, field_encoding=encoding), timeout=TIMEOUT)

    def test_empty_request_runs_the_defaults_and_says_what_they_were(self):
        first = self.simulate()
        again = self.simulate(first.summary.spec)

        self.assertEqual(
            first.summary.spec,
            simulation_pb2.SimulationSpec(
                variant=simulation_pb2.SIMULATION_VARIANT_MODEL,
                grid_size=64,
                steps=64,
                seed=42,
                alpha=0.18,
                spike_probability=0.25,
                turing_enabled=True,
                turing_threshold=0.75,
                jitter_enabled=False,
                jitter_variance_volts_squared=0.0005,
                precision=simulation_pb2.PRECISION_BINARY64,
            ),
        )
        self.assertEqual(again, first)
        self.assertFalse(first.HasField("field"))

    def test_model_run_of_the_reference_has_the_same_bits(self):
        for case_id in ("model_00", "model_09", "model_25"):
            with self.subTest(case_id):
                inputs, outputs = golden("field_model.json", case_id)

                response = self.simulate(model_spec(inputs), field_pb2.FIELD_ENCODING_FLOAT64)

                stats = outputs["stats"]
                self.assertEqual(hashlib.sha256(response.field.values).hexdigest(), outputs["field_sha256"])
                self.assertEqual(
                    (response.field.rows, response.field.columns), (inputs["grid_size"], inputs["grid_size"])
                )
                self.assertEqual(response.summary.growth_event_count, outputs["growth_events"])
                self.assertEqual(
                    response.summary.statistics,
                    simulation_pb2.PotentialStatistics(
                        min_potential_millivolts=stats["pot_min_mV"],
                        max_potential_millivolts=stats["pot_max_mV"],
                        mean_potential_millivolts=stats["pot_mean_mV"],
                        potential_standard_deviation_millivolts=stats["pot_std_mV"],
                    ),
                )
                millivolts = [volts * 1000 for volts in cells(response.field)]
                self.assertEqual((min(millivolts), max(millivolts)), (stats["pot_min_mV"], stats["pot_max_mV"]))

    def test_engine_run_of_the_reference_has_the_same_bits(self):
        inputs, outputs = golden("field_engine.json", "engine_15")
        self.assertEqual(inputs["boundary_condition"], "neumann")
        spec = simulation_pb2.SimulationSpec(
            variant=simulation_pb2.SIMULATION_VARIANT_ENGINE,
            grid_size=inputs["grid_size"],
            steps=inputs["steps"],
            seed=inputs["seed"],
            turing_threshold=inputs["turing_threshold"],
            engine=simulation_pb2.EngineParameters(
                boundary=simulation_pb2.BOUNDARY_NEUMANN,
                activator_diffusion=inputs["d_activator"],
                inhibitor_diffusion=inputs["d_inhibitor"],
                activator_rate=inputs["r_activator"],
                inhibitor_rate=inputs["r_inhibitor"],
            ),
        )

        response = self.simulate(spec, field_pb2.FIELD_ENCODING_FLOAT64)

        summary, metrics = response.summary, outputs["metrics"]
        self.assertEqual(hashlib.sha256(response.field.values).hexdigest(), outputs["field_sha256"])
        self.assertEqual(summary.growth_event_count, metrics["growth_events"])
        self.assertEqual(summary.turing_activation_count, metrics["turing_activations"])
        self.assertEqual(summary.clamping_event_count, metrics["clamping_events"])
        self.assertEqual(
            (summary.mean_activator, summary.mean_inhibitor), (metrics["activator_mean"], metrics["inhibitor_mean"])
        )

    def test_single_precision_is_the_field_rounded_to_nearest(self):
        inputs, outputs = golden("field_model.json", "model_00")

        double = self.simulate(model_spec(inputs), field_pb2.FIELD_ENCODING_FLOAT64).field
        single = self.simulate(model_spec(inputs), field_pb2.FIELD_ENCODING_FLOAT32).field

        self.assertEqual(hashlib.sha256(double.values).hexdigest(), outputs["field_sha256"])
        self.assertEqual(single.encoding, field_pb2.FIELD_ENCODING_FLOAT32)
        self.assertEqual(single.values, struct.pack(f"<{len(cells(double))}f", *cells(double)))
        self.assertEqual(len(cells(single)), len(cells(double)))

    def test_model_without_turing_coupling_has_no_means_of_activator_and_inhibitor(self):
        summary = self.simulate(simulation_pb2.SimulationSpec(grid_size=8, turing_enabled=False)).summary

        self.assertFalse(summary.spec.turing_enabled)
        self.assertFalse(summary.HasField("mean_activator") or summary.HasField("mean_inhibitor"))

    def test_field_of_8_mib_needs_a_client_that_takes_more_than_4_mib(self):
        request = simulation.SimulateRequest(
            spec=simulation_pb2.SimulationSpec(grid_size=1024, steps=1), field_encoding=field_pb2.FIELD_ENCODING_FLOAT64
        )
        channel = connect(self, options=[("grpc.max_receive_message_length", 16 * 1024 * 1024)])
        roomy = SimulationServiceStub(channel)

        error = assert_refused(self, lambda: self.client.Simulate(request, timeout=TIMEOUT))
        response = roomy.Simulate(request, timeout=TIMEOUT)

        self.assertEqual(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertEqual(len(response.field.values), 8 * 1024 * 1024)


def model_spec(inputs):
    return simulation_pb2.SimulationSpec(
        grid_size=inputs["grid_size"],
        steps=inputs["steps"],
        seed=inputs["seed"],
        alpha=inputs["alpha"],
        spike_probability=inputs["spike_probability"],
        turing_enabled=inputs["turing_enabled"],
        turing_threshold=inputs["turing_threshold"],
        jitter_enabled=inputs["quantum_jitter"],
        jitter_variance_volts_squared=inputs["jitter_var"],
    )


def cells(field):
    letter = {field_pb2.FIELD_ENCODING_FLOAT64: "d", field_pb2.FIELD_ENCODING_FLOAT32: "f"}[field.encoding]
    return struct.unpack(f"<{field.rows * field.columns}{letter}", field.values)
