import os
import random
import subprocess
import tempfile
import threading
import unittest

import grpc

from contracts import RunServiceStub, field_pb2, run_pb2, runs, simulation_pb2
from server import TIMEOUT, assert_refused, connect, start_server, steer
from watcher import Watcher

STEPS = 10

# Commands that are acknowledged before the disk begins to fail.
ACKNOWLEDGED = 50

# So many that the disk fails before they end.
MOST = 5000

AS_ROOT = [] if os.geteuid() == 0 else ["sudo"]


class FailingDiskTests(unittest.TestCase):
    def test_command_that_cannot_be_flushed_is_refused_and_the_next_server_has_exactly_the_others(self):
        directory = self.make_directory()
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

    def test_commands_that_go_on_while_flushes_begin_to_fail_are_there_as_far_as_they_were_acknowledged(self):
        directory = self.make_directory()
        server, client = self.start_server(directory)
        run_id, other_id = self.create(client), self.create(client)
        self.assertEqual(steer(self, client, other_id)(add_millivolts("0", 1)).applied.revision, 1)

        applied, refused = self.steer_until_refused(client, run_id, lambda: self.fail_flushes(server))

        self.assertEqual(refused.code, grpc.StatusCode.FAILED_PRECONDITION.value[0])
        server.kill()
        server.wait()
        server, client = self.start_server(directory)
        self.assert_has_exactly(client, run_id, applied)
        self.assert_has_exactly(client, other_id, [runs.Applied(step=0, revision=1)])

    def test_disk_that_turns_read_only_fails_its_runs_and_nothing_else_and_keeps_what_was_acknowledged(self):
        image, directory = self.mount()
        server, client = self.start_server(directory)
        run_id, other_id = self.create(client), self.create(client)
        send_other = steer(self, client, other_id)
        self.assertEqual(send_other(add_millivolts("0", 1)).applied.revision, 1)
        watched = {"run_id": run_id, "from_step": 0, "field_encoding": field_pb2.FIELD_ENCODING_FLOAT64}
        watcher = Watcher(self, client, **watched)

        # Between two commands: ext4 may call a flush done that is under way while it gives up (findings/ext4-fsync-at-abort.sh).
        applied, refused = self.steer_until_refused(client, run_id, lambda: self.turn_read_only(directory), at_once=True)

        self.assertEqual(refused.code, grpc.StatusCode.FAILED_PRECONDITION.value[0])
        failed = client.GetRun(runs.GetRunRequest(run_id=run_id), timeout=TIMEOUT).run
        self.assertEqual((failed.state, failed.revision), (run_pb2.RUN_STATE_FAILED, len(applied)))
        # What needs no disk goes on: watching what is there, and simulations.
        watcher.watch(lambda message: message.revision == len(applied))
        other = client.GetRun(runs.GetRunRequest(run_id=other_id), timeout=TIMEOUT).run
        self.assertEqual((other.state, other.revision), (run_pb2.RUN_STATE_PAUSED, 1))
        self.assertEqual(send_other(add_millivolts("1", 1)).refused.code, grpc.StatusCode.FAILED_PRECONDITION.value[0])
        spec = simulation_pb2.SimulationSpec(grid_size=16, seed=3)
        unborn = assert_refused(self, lambda: client.CreateRun(runs.CreateRunRequest(spec=spec), timeout=TIMEOUT))
        self.assertEqual(unborn.code(), grpc.StatusCode.UNAVAILABLE)
        undeleted = assert_refused(self, lambda: client.DeleteRun(runs.DeleteRunRequest(run_id=other_id), timeout=TIMEOUT))
        self.assertEqual(undeleted.code(), grpc.StatusCode.UNAVAILABLE)

        server.kill()
        server.wait()
        run(*AS_ROOT, "umount", directory)
        run(*AS_ROOT, "mount", "-o", "loop", image, directory)
        server, client = self.start_server(directory)
        self.assert_has_exactly(client, run_id, applied)
        self.assert_has_exactly(client, other_id, [runs.Applied(step=0, revision=1)])
        watcher.client = client
        send = steer(self, client, run_id)
        send(run_pb2.RunCommand(command_id="go", resume=run_pb2.Resume()))
        watcher.watch()
        whole = Watcher(self, client, **watched)
        whole.watch()
        self.assertEqual(watcher.frames, whole.frames)
        server.kill()
        server.wait()

    def make_directory(self):
        directory = tempfile.TemporaryDirectory(prefix="mfn-failing-disk-")
        self.addCleanup(directory.cleanup)
        return directory.name

    def create(self, client):
        request = runs.CreateRunRequest(
            spec=simulation_pb2.SimulationSpec(grid_size=16, seed=3),
            stop=run_pb2.StopCondition(after_step=STEPS),
            paused=True,
        )
        return client.CreateRun(request, timeout=TIMEOUT).run.run_id

    def steer_until_refused(self, client, run_id, begin, at_once=False):
        """Sends commands while the disk begins to fail at some moment after enough have been acknowledged; gives their outcomes, and the refusal."""
        send = steer(self, client, run_id)
        failing = threading.Thread(target=begin)
        start_at = ACKNOWLEDGED + random.randrange(ACKNOWLEDGED)
        applied = []
        for index in range(MOST):
            if index == start_at:
                failing.start()
                if at_once:
                    failing.join()
            outcome = send(add_millivolts(f"{index}", 1))
            if outcome.HasField("refused"):
                failing.join()
                return applied, outcome.refused
            applied.append(outcome.applied)
        raise AssertionError(f"the disk, which was to fail from command {start_at} on, did not")

    def assert_has_exactly(self, client, run_id, applied):
        """The run has every acknowledged command once, where it was applied, and of the others none or the first, which was under way."""
        state = client.GetRun(runs.GetRunRequest(run_id=run_id), timeout=TIMEOUT).run
        self.assertIn(state.revision, (len(applied), len(applied) + 1), state)
        send = steer(self, client, run_id)
        for index, before in enumerate(applied):
            again = send(add_millivolts(f"{index}", 1)).applied
            self.assertEqual((again.step, again.revision, again.already_applied), (before.step, before.revision, True))
        # Sent again, it is there once, whichever it was.
        late = send(add_millivolts(f"{len(applied)}", 1)).applied
        self.assertEqual((late.revision, late.already_applied), (len(applied) + 1, state.revision > len(applied)))

    def mount(self):
        """A file system of its own in a file; the file, and where it is mounted."""
        folder = self.make_directory()
        image, mounted = f"{folder}/image", f"{folder}/mounted"
        os.mkdir(mounted)
        with open(image, "wb") as file:
            file.truncate(32 << 20)
        run("/sbin/mkfs.ext4", "-q", "-E", f"root_owner={os.getuid()}:{os.getgid()}", image)
        run(*AS_ROOT, "mount", "-o", "loop", image, mounted)
        self.addCleanup(subprocess.run, [*AS_ROOT, "umount", "--lazy", mounted], check=False)
        return image, mounted

    def turn_read_only(self, directory):
        """What the system does with a file system when its disk fails: files that are open for writing are no hindrance."""
        run(*AS_ROOT, "mount", "-o", "remount,abort", directory)

    def start_server(self, directory):
        server, address = start_server(self, f"Runs:DataDirectory={directory}/data")
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


def run(*command):
    subprocess.run(command, check=True, timeout=TIMEOUT)
