import unittest

import grpc

from contracts import SimulationServiceStub, field_pb2, simulation
from server import HUNDRED_STREAMS, PLAINTEXT, TIMEOUT, connect, delete_after, retry_delay_seconds

COUNT = 150

# Channels to one address share a connection otherwise.
OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]


class ManyWatchesTests(unittest.TestCase):
    def test_150_watches_on_one_connection_are_served(self):
        served, refusals = self.watch_from_one_connection(PLAINTEXT)

        self.assertEqual((served, refusals), (COUNT, []))

    def test_of_150_watches_on_one_connection_that_may_have_100_50_are_refused(self):
        served, refusals = self.watch_from_one_connection(HUNDRED_STREAMS)

        self.assertEqual((served, len(refusals)), (100, 50))
        for error in refusals:
            self.assertEqual(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
            self.assertIn("already has 100 open calls", error.details())
            self.assertEqual(retry_delay_seconds(self, error), 1)

    def watch_from_one_connection(self, address):
        """Opens the watches, lets the run go a step once each has its first frame or a refusal, and counts who gets it."""
        steerer = SimulationServiceStub(connect(self, address, options=OWN_CONNECTION))
        watcher = SimulationServiceStub(connect(self, address, options=OWN_CONNECTION))
        creation = simulation.CreateRunRequest(spec=simulation.SimulationSpec(grid_size=16), paused=True)
        run = delete_after(self, steerer, steerer.CreateRun(creation, timeout=TIMEOUT))
        request = simulation.WatchRunRequest(run_id=run.run_id, field_encoding=field_pb2.FIELD_ENCODING_FLOAT32)

        watches = [watcher.WatchRun(request, timeout=TIMEOUT) for _ in range(COUNT)]
        served, refusals = [], []
        for watch in watches:
            try:
                self.assertEqual(next(watch).step, 0)
                served.append(watch)
            except grpc.RpcError as error:
                refusals.append(error)

        step = simulation.RunCommand(command_id="one", take_steps=simulation.TakeSteps(steps=1))
        command = simulation.SteerRunRequest(run_id=run.run_id, command=step)
        self.assertEqual(len(list(steerer.SteerRun(iter([command]), timeout=TIMEOUT))), 1)
        for watch in served:
            message = next(watch)
            self.assertEqual((message.sequence, message.step, message.WhichOneof("kind")), (1, 1, "snapshot"))
            watch.cancel()
        return len(served), refusals
