import unittest

import grpc

from contracts import SimulationServiceStub, field_pb2, simulation, simulation_pb2
from server import (
    LONG_RUN,
    SINGLE_RUN,
    TIMEOUT,
    assert_cancelled,
    assert_refused,
    connect,
    retry_delay_seconds,
    simulate_when_free,
)


class StreamSimulationTests(unittest.TestCase):
    def setUp(self):
        self.client = SimulationServiceStub(connect(self))

    def test_every_step_has_all_frames_in_order_then_what_simulate_answers(self):
        spec = simulation_pb2.SimulationSpec(grid_size=24, steps=50, seed=7)
        encoding = field_pb2.FIELD_ENCODING_FLOAT64

        simulated = self.client.Simulate(
            simulation.SimulateRequest(spec=spec, field_encoding=encoding), timeout=TIMEOUT
        )
        *frames, summary = self.stream(spec=spec, field_encoding=encoding)

        self.assertEqual([frame.step for frame in frames], list(range(1, 51)))
        self.assertEqual(summary, simulated.summary)
        self.assertEqual(frames[-1].field, simulated.field)
        self.assertEqual(frames[-1].statistics, summary.statistics)
        self.assert_growth_events_add_up(frames, summary)

    def test_every_7th_step_has_those_frames_the_last_one_and_all_growth_events(self):
        *frames, summary = self.stream(spec=simulation_pb2.SimulationSpec(grid_size=16, steps=60), every_n_steps=7)

        self.assertEqual([frame.step for frame in frames], [7, 14, 21, 28, 35, 42, 49, 56, 60])
        self.assertFalse(any(frame.HasField("field") for frame in frames))
        self.assert_growth_events_add_up(frames, summary)

    def stream(self, **request):
        """The frames and the summary, after a check that their sequence has no gaps."""
        messages = list(self.client.StreamSimulation(simulation.StreamSimulationRequest(**request), timeout=TIMEOUT))
        kinds = [message.WhichOneof("kind") for message in messages]
        self.assertEqual(kinds, ["frame"] * (len(messages) - 1) + ["summary"])
        self.assertEqual([message.sequence for message in messages], list(range(len(messages))))
        return [getattr(message, kind) for message, kind in zip(messages, kinds)]

    def assert_growth_events_add_up(self, frames, summary):
        steps = [growth_event.step for frame in frames for growth_event in frame.growth_events]
        self.assertGreater(len(steps), 0)
        self.assertEqual(len(steps), summary.growth_event_count)
        self.assertEqual(steps, sorted(set(steps)))

        # Each event comes with the first frame that shows it.
        previous = 0
        for frame in frames:
            self.assertTrue(all(previous < growth_event.step <= frame.step for growth_event in frame.growth_events))
            previous = frame.step


class FreedRunTests(unittest.TestCase):
    """Against the server that has room for one run."""

    def setUp(self):
        self.client = SimulationServiceStub(connect(self, SINGLE_RUN))

    def test_one_run_too_many_is_refused_until_the_first_is_cancelled(self):
        first = self.client.StreamSimulation(simulation.StreamSimulationRequest(spec=LONG_RUN), timeout=TIMEOUT)
        self.assertEqual(next(first).frame.step, 1)

        error = assert_refused(self, lambda: self.client.Simulate(simulation.SimulateRequest(), timeout=TIMEOUT))

        self.assertEqual(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertIn("The most computations that the server allows, 1, are under way. Try again when one has ended.", error.details())
        self.assertEqual(retry_delay_seconds(self, error), 1)
        assert_cancelled(self, first)
        self.assert_accepts_a_run()

    def test_stream_whose_deadline_passes_ends_with_deadline_exceeded_and_frees_the_run(self):
        stream = self.client.StreamSimulation(simulation.StreamSimulationRequest(spec=LONG_RUN), timeout=1)

        self.assertEqual(assert_refused(self, lambda: list(stream)).code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assert_accepts_a_run()

    def test_simulate_whose_deadline_passes_ends_with_deadline_exceeded_and_frees_the_run(self):
        error = assert_refused(
            self, lambda: self.client.Simulate(simulation.SimulateRequest(spec=LONG_RUN), timeout=0.5)
        )

        self.assertEqual(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assert_accepts_a_run()

    def assert_accepts_a_run(self):
        response = simulate_when_free(self, self.client, simulation.SimulateRequest())
        self.assertEqual(response.summary.spec.steps, 64)
