import subprocess
import tempfile
import unittest

import grpc

from contracts import RunServiceStub, field_pb2, run_pb2, runs, simulation_pb2
from server import TIMEOUT, assert_refused, connect, start_server, steer
from watcher import Watcher

STEPS = 10


class FailingDiskTests(unittest.TestCase):
    def test_command_that_cannot_be_flushed_is_refused_and_the_next_server_has_exactly_the_others(self):
        directory = tempfile.TemporaryDirectory(prefix="mfn-failing-disk-")
        self.addCleanup(directory.cleanup)
        server, client = self.start_server(directory)
        spec = simulation_pb2.SimulationSpec(grid_size=16, seed=3)
        run_id = client.CreateRun(
            runs.CreateRunRequest(spec=spec, stop=run_pb2.StopCondition(after_step=STEPS), paused=True),
            timeout=TIMEOUT,
        ).run.run_id
        watched = {"run_id": run_id, "from_step": 0, "field_encoding": field_pb2.FIELD_ENCODING_FLOAT64}
        watcher = Watcher(self, client, **watched)
        send = steer(self, client, run_id)
        for index in range(3):
            self.assertEqual(send(add_millivolts(f"{index}", index + 1)).applied.revision, index + 1)
        watcher.watch(lambda message: message.revision == 3)

        stop_failing = self.fail_flushes(server)
        lost = send(add_millivolts("lost", 100))
        unborn = assert_refused(self, lambda: client.CreateRun(runs.CreateRunRequest(spec=spec), timeout=TIMEOUT))
        failed = client.GetRun(runs.GetRunRequest(run_id=run_id), timeout=TIMEOUT).run
        stop_failing()
        # A disk that works again does not bring back what it may have dropped.
        late = send(add_millivolts("late", 100))
        created = client.CreateRun(runs.CreateRunRequest(spec=spec), timeout=TIMEOUT).run

        self.assertEqual(lost.refused.code, grpc.StatusCode.FAILED_PRECONDITION.value[0])
        self.assertEqual(unborn.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertEqual((failed.state, failed.revision), (run_pb2.RUN_STATE_FAILED, 3))
        self.assertIn("could not be flushed to disk", failed.failure)
        self.assertEqual(late.refused.code, grpc.StatusCode.FAILED_PRECONDITION.value[0])
        server.kill()
        server.wait()
        _, client = self.start_server(directory)
        listed = client.ListRuns(runs.ListRunsRequest(), timeout=TIMEOUT).runs
        self.assertEqual({run.run_id for run in listed}, {run_id, created.run_id})
        send = steer(self, client, run_id)
        self.assertTrue(send(add_millivolts("2", 3)).applied.already_applied)
        self.assertEqual(send(add_millivolts("lost", 100)).applied, runs.Applied(step=0, revision=4))
        send(run_pb2.RunCommand(command_id="go", resume=run_pb2.Resume()))
        watcher.client = client
        watcher.watch()
        whole = Watcher(self, client, **watched)
        whole.watch()
        self.assertEqual(watcher.kinds[-1], "end")
        self.assertEqual(watcher.frames, whole.frames)

    def start_server(self, directory):
        server, address = start_server(self, f"Runs:DataDirectory={directory.name}")
        return server, RunServiceStub(connect(self, address))

    def fail_flushes(self, server):
        """Lets every fsync of the process fail as on a broken disk, when this returns; gives a function that ends it."""
        command = ["strace", "--follow-forks", "--trace=fsync", "--inject=fsync:error=EIO", f"--attach={server.pid}"]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

        def stop():
            tracer.terminate()
            tracer.communicate(timeout=TIMEOUT)

        self.addCleanup(stop)
        self.assertIn(f"Process {server.pid} attached", tracer.stderr.readline())
        return stop


def add_millivolts(command_id, millivolts):
    whole = run_pb2.Region(row=0, column=0, rows=16, columns=16)
    added = run_pb2.AddPotential(region=whole, millivolts=millivolts)
    return run_pb2.RunCommand(command_id=command_id, add_potential=added)
