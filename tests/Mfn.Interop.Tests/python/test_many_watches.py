import unittest

import grpc

from contracts import RunServiceStub, field_pb2, run_pb2, runs, simulation_pb2
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
        steerer = RunServiceStub(connect(self, address, options=OWN_CONNECTION))
        watcher = RunServiceStub(connect(self, address, options=OWN_CONNECTION))
        creation = runs.CreateRunRequest(spec=simulation_pb2.SimulationSpec(grid_size=16), paused=True)
        run = delete_after(self, steerer, steerer.CreateRun(creation, timeout=TIMEOUT))
        request = runs.WatchRunRequest(run_id=run.run_id, field_encoding=field_pb2.FIELD_ENCODING_FLOAT32)

        watches = [watcher.WatchRun(request, timeout=TIMEOUT) for _ in range(COUNT)]
        served, refusals = [], []
        for watch in watches:
            try:
                self.assertEqual(next(watch).step, 0)
                served.append(watch)
            except grpc.RpcError as error:
                refusals.append(error)

        step = run_pb2.RunCommand(command_id="one", take_steps=run_pb2.TakeSteps(steps=1))
        command = runs.SteerRunRequest(run_id=run.run_id, command=step)
        self.assertEqual(len(list(steerer.SteerRun(iter([command]), timeout=TIMEOUT))), 1)
        for watch in served:
            message = next(watch)
            self.assertEqual((message.sequence, message.step, message.WhichOneof("kind")), (1, 1, "snapshot"))
            watch.cancel()
        return len(served), refusals
