import os
import tempfile
import time
import unittest
from pathlib import Path

from contracts import RunServiceStub, field_pb2, run_pb2, runs, simulation_pb2
from server import TIMEOUT, connect, start_server, steer
from watcher import Watcher

STEPS_PER_SECOND = 20

# Where the wall clock is put one after the other.
JUMPS = ("+5h", "-5h", "+30d", "+0")


class ClockTests(unittest.TestCase):
    """The wall clock is set by hours and days; the clock that only goes forward is the system's, as it is when somebody sets the time."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="mfn-clock-")
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.set_clock("+0")

    def test_clock_that_jumps_changes_no_pace_no_stream_and_no_idle_time(self):
        server, client = self.start_server()
        run = self.create(client, steps_per_second=STEPS_PER_SECOND)
        paused = self.create(client, paused=True)
        unasked = self.create(client, paused=True)
        send = steer(self, client, paused.run_id)
        watcher = Watcher(self, client, run_id=run.run_id, from_step=0, field_encoding=field_pb2.FIELD_ENCODING_FLOAT64, backlog_frames=1024)

        begun = time.monotonic()
        for index, offset in enumerate(JUMPS):
            self.set_clock(offset)
            step = watcher.frames[-1].step if watcher.frames else 0
            watcher.watch(lambda message: message.step >= step + STEPS_PER_SECOND // 2)
            # A stream with a deadline, open since before the jump.
            outcome = send(run_pb2.RunCommand(command_id=f"{index}", change_parameters=run_pb2.ChangeParameters(alpha=0.1 + index / 100)))
            self.assertEqual(outcome.applied.revision, index + 1, outcome)
            # Heartbeats go on.
            beating = Watcher(self, client, run_id=paused.run_id)
            beating.watch(lambda message: message.WhichOneof("kind") == "heartbeat")
            # That the server does see another time.
            created = self.create(client, paused=True).created_unix_seconds
            self.assertLess(abs(created - time.time() - seconds(offset)), 600, offset)

        # Hours of steps would be hundreds of thousands.
        most = 10 * STEPS_PER_SECOND * (time.monotonic() - begun)
        self.assertLess(watcher.frames[-1].step, most)
        listed = {each.run_id for each in client.ListRuns(runs.ListRunsRequest(), timeout=TIMEOUT).runs}
        self.assertLessEqual({run.run_id, paused.run_id, unasked.run_id}, listed)

    def test_restart_with_an_earlier_clock_goes_on_and_lists_each_run_once(self):
        server, client = self.start_server()
        run = self.create(client, steps_per_second=STEPS_PER_SECOND, stop=run_pb2.StopCondition(after_step=60))
        watched = {"run_id": run.run_id, "from_step": 0, "field_encoding": field_pb2.FIELD_ENCODING_FLOAT64}
        watcher = Watcher(self, client, **watched)
        watcher.watch(lambda message: message.step >= 10)
        server.kill()
        server.wait()

        self.set_clock("-30d")
        server, client = self.start_server()
        watcher.client = client
        watcher.watch()
        later = self.create(client, paused=True)
        again = client.GetRun(runs.GetRunRequest(run_id=run.run_id), timeout=TIMEOUT).run
        whole = Watcher(self, client, **watched)
        whole.watch()

        self.assertEqual((again.epoch, again.created_unix_seconds, again.state, again.step), (run.epoch, run.created_unix_seconds, run_pb2.RUN_STATE_STOPPED, 60))
        self.assertEqual(watcher.kinds[-1], "end")
        self.assertEqual(watcher.frames, whole.frames)
        self.assertLess(later.created_unix_seconds, run.created_unix_seconds - seconds("+29d"))
        pages, token = [], ""
        while not pages or token:
            page = client.ListRuns(runs.ListRunsRequest(page_size=1, page_token=token), timeout=TIMEOUT)
            pages += [each.run_id for each in page.runs]
            token = page.next_page_token
        # Since the one created first claims to be from the future.
        self.assertEqual(pages, [run.run_id, later.run_id])

    def create(self, client, **request):
        request.setdefault("stop", run_pb2.StopCondition(never=True))
        spec = simulation_pb2.SimulationSpec(grid_size=8, seed=3)
        return client.CreateRun(runs.CreateRunRequest(spec=spec, **request), timeout=TIMEOUT).run

    def start_server(self):
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.directory / "offset"),
            "FAKETIME_NO_CACHE": "1",
            # Else it sets the clock that never goes back too, which no system does.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        server, address = start_server(
            self,
            f"Runs:DataDirectory={self.directory / 'data'}",
            "Runs:HeartbeatInterval=00:00:00.500",
            "Runs:IdleTimeout=00:05:00",
            environment=environment,
        )
        return server, RunServiceStub(connect(self, address))

    def set_clock(self, offset):
        # Read at every look at the clock: never half written.
        new = self.directory / "offset.new"
        new.write_text(f"{offset}\n")
        os.replace(new, self.directory / "offset")


def seconds(offset):
    """Of an offset such as -5h."""
    unit = {"h": 3600, "d": 86400}.get(offset[-1], 1)
    return int(offset.rstrip("hd")) * unit
