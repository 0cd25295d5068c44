import struct
import unittest

import grpc

from contracts import RunServiceStub, SimulationServiceStub, field_pb2, run_pb2, runs, simulation, simulation_pb2
from server import TIMEOUT, assert_refused, connect, delete_after, steer
from watcher import ENCODINGS, Watcher

FLOAT64 = field_pb2.FIELD_ENCODING_FLOAT64
GRID = 20
SPEC = simulation_pb2.SimulationSpec(grid_size=GRID, steps=60, seed=11)


class LiveRunTests(unittest.TestCase):
    def setUp(self):
        channel = connect(self)
        self.client = RunServiceStub(channel)
        self.simulation = SimulationServiceStub(channel)

    def test_watch_from_step_0_has_the_bits_of_stream_simulation_then_an_end(self):
        run = self.create_run(spec=SPEC)

        frames = self.watch_to_the_end(run_id=run.run_id, from_step=0, field_encoding=FLOAT64)

        request = simulation.StreamSimulationRequest(spec=SPEC, field_encoding=FLOAT64)
        streamed = [message.frame for message in self.simulation.StreamSimulation(request, timeout=TIMEOUT)][:-1]
        self.assertEqual(
            [(frame.step, struct.pack(f"<{GRID * GRID}d", *frame.numbers)) for frame in frames[1:]],
            [(frame.step, frame.field.values) for frame in streamed],
        )

    def test_watch_in_each_encoding_with_deltas_and_without_cut_and_resumed_is_the_steered_runs_field(self):
        run = self.steered_run()
        expected = self.watch_to_the_end(run_id=run.run_id, from_step=0, field_encoding=FLOAT64)
        self.assertEqual(len(expected), 62)
        for encoding in ENCODINGS:
            for interval in (1, 8):
                with self.subTest(encoding=field_pb2.FieldEncoding.Name(encoding), key_frame_interval=interval):
                    watcher = Watcher(
                        self,
                        self.client,
                        run_id=run.run_id,
                        from_step=0,
                        field_encoding=encoding,
                        key_frame_interval=interval,
                    )
                    for count in (1, 11, 12, 30, 59):
                        watcher.watch(lambda _: len(watcher.kinds) == count)
                        self.assertEqual(len(watcher.kinds), count)
                    watcher.watch()

                    self.assertEqual(watcher.kinds[-1], "end")
                    self.assertEqual(any(frame.kind == "delta" for frame in watcher.frames), interval > 1)
                    self.assert_same_run(watcher.frames, expected)
                    for frame, computed in zip(watcher.frames, expected):
                        self.assert_decoded(encoding, frame, computed.numbers)

    def test_steering_pauses_edits_steps_and_resumes_each_command_once_however_often_it_is_sent(self):
        run = self.create_run(
            spec=simulation_pb2.SimulationSpec(grid_size=GRID),
            steps_per_second=100,
            stop=run_pb2.StopCondition(never=True),
            paused=True,
        )
        watcher = Watcher(self, self.client, run_id=run.run_id, field_encoding=FLOAT64, backlog_frames=1024)
        steering = steer(self, self.client, run.run_id)
        edit = add_potential("edit", 7.5, row=2, column=3, rows=4, columns=5)

        first = steering(run_pb2.RunCommand(command_id="ten", take_steps=run_pb2.TakeSteps(steps=10)))
        watcher.watch(lambda message: message.step == 10)
        edited = steering(edit)
        again = steering(edit)
        another = steering(add_potential("edit", 8, row=2, column=3, rows=4, columns=5))
        outside = steering(add_potential("outside", 1, row=GRID, column=0, rows=1, columns=1))
        watcher.watch(lambda message: (message.step, message.revision) == (10, 1))
        steering(run_pb2.RunCommand(command_id="go", resume=run_pb2.Resume()))
        watcher.watch(lambda message: message.step == 30)
        paused = steering(run_pb2.RunCommand(command_id="stop", pause=run_pb2.Pause()))

        self.assertEqual(first.applied, runs.Applied(step=0, revision=0))
        self.assertEqual(edited.applied, runs.Applied(step=10, revision=1))
        self.assertEqual(again.applied, runs.Applied(step=10, revision=1, already_applied=True))
        self.assertEqual(another.refused.code, grpc.StatusCode.ALREADY_EXISTS.value[0])
        self.assertEqual(outside.refused.code, grpc.StatusCode.INVALID_ARGUMENT.value[0])
        now = self.client.GetRun(runs.GetRunRequest(run_id=run.run_id), timeout=TIMEOUT).run
        self.assertEqual((now.state, now.step, now.revision), (run_pb2.RUN_STATE_PAUSED, paused.applied.step, 1))

        at = next(index for index, frame in enumerate(watcher.frames) if frame.revision == 1)
        before, after = watcher.frames[at - 1 : at + 1]
        self.assertEqual((before.step, before.revision, after.step), (10, 0, 10))
        for index, (old, new) in enumerate(zip(before.numbers, after.numbers)):
            is_edited = 2 <= index // GRID < 6 and 3 <= index % GRID < 8
            self.assertAlmostEqual(new - old, 0.0075 if is_edited else 0, delta=1e-15)

    def test_list_page_by_page_has_the_runs_once_the_latest_first(self):
        own = [self.create_run(spec=SPEC, paused=True).run_id for _ in range(3)]

        listed = []
        page = runs.ListRunsResponse()
        while page.next_page_token or not listed:
            request = runs.ListRunsRequest(
                page_size=2, page_token=page.next_page_token, state=run_pb2.RUN_STATE_PAUSED
            )
            page = self.client.ListRuns(request, timeout=TIMEOUT)
            listed.extend(page.runs)

        self.assertEqual({run.state for run in listed}, {run_pb2.RUN_STATE_PAUSED})
        created = [run.created_unix_seconds for run in listed]
        self.assertEqual(created, sorted(created, reverse=True))
        self.assertEqual(sorted(run.run_id for run in listed if run.run_id in own), sorted(own))

    def test_fork_without_changes_goes_on_as_its_parent_and_with_changes_otherwise(self):
        parent = self.steered_run()

        same = self.fork(run_id=parent.run_id, step=30)
        other = self.fork(run_id=parent.run_id, step=30, changes=run_pb2.ChangeParameters(alpha=0.05))

        family = [parent, same, other]
        frames = [self.watch_to_the_end(run_id=run.run_id, from_step=30, field_encoding=FLOAT64) for run in family]
        self.assertEqual(frames[1], frames[0])
        self.assertEqual(frames[2][-1].step, 60)
        self.assertNotEqual(frames[2][-1].numbers, frames[0][-1].numbers)
        self.assertEqual(other.spec.alpha, 0.05)
        requests = [runs.GetRunRequest(run_id=run.run_id) for run in family]
        identities = [self.client.GetRun(request, timeout=TIMEOUT).run.identity for request in requests]
        self.assertEqual(identities[1], identities[0])
        self.assertNotEqual(identities[2], identities[0])

    def test_imported_run_goes_on_as_the_exported_one_and_damage_is_refused(self):
        parent = self.steered_run()

        request = runs.ExportRunRequest(run_id=parent.run_id, step=30)
        checkpoint = b"".join(message.chunk for message in self.client.ExportRun(request, timeout=TIMEOUT))
        imported = self.import_run(checkpoint)
        middle = len(checkpoint) // 2
        damaged = checkpoint[:middle] + bytes([checkpoint[middle] ^ 1]) + checkpoint[middle + 1 :]

        for bad in (damaged, checkpoint[:-1]):
            error = assert_refused(self, lambda: self.import_run(bad))
            self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertNotEqual(imported.run_id, parent.run_id)
        frames, expected = (
            self.watch_to_the_end(run_id=run.run_id, from_step=30, field_encoding=FLOAT64) for run in (imported, parent)
        )
        self.assertEqual(frames, expected)

    def test_deletion_ends_the_watchers_then_nobody_finds_the_run(self):
        request = runs.CreateRunRequest(spec=SPEC, paused=True)
        run_id = self.client.CreateRun(request, timeout=TIMEOUT).run.run_id
        watched = self.client.WatchRun(runs.WatchRunRequest(run_id=run_id), timeout=TIMEOUT)
        token = next(watched).token

        deletion = runs.DeleteRunRequest(run_id=run_id)
        self.assertEqual(self.client.DeleteRun(deletion, timeout=TIMEOUT).run.run_id, run_id)

        last, *more = watched
        self.assertEqual((last.end.reason, more), (run_pb2.END_REASON_DELETED, []))
        late = run_pb2.RunCommand(command_id="late", pause=run_pb2.Pause())
        steering = runs.SteerRunRequest(run_id=run_id, command=late)
        watch = runs.WatchRunRequest(run_id=run_id)
        resumption = runs.WatchRunRequest(run_id=run_id, resume_token=token)
        for call in (
            lambda: self.client.GetRun(runs.GetRunRequest(run_id=run_id), timeout=TIMEOUT),
            lambda: self.client.DeleteRun(deletion, timeout=TIMEOUT),
            lambda: self.client.ForkRun(runs.ForkRunRequest(run_id=run_id), timeout=TIMEOUT),
            lambda: list(self.client.ExportRun(runs.ExportRunRequest(run_id=run_id), timeout=TIMEOUT)),
            lambda: list(self.client.WatchRun(watch, timeout=TIMEOUT)),
            lambda: list(self.client.WatchRun(resumption, timeout=TIMEOUT)),
            lambda: list(self.client.SteerRun(iter([steering]), timeout=TIMEOUT)),
        ):
            self.assertEqual(assert_refused(self, call).code(), grpc.StatusCode.NOT_FOUND)

    def create_run(self, **request):
        response = self.client.CreateRun(runs.CreateRunRequest(**request), timeout=TIMEOUT)
        return delete_after(self, self.client, response)

    def fork(self, **request):
        response = self.client.ForkRun(runs.ForkRunRequest(**request), timeout=TIMEOUT)
        return delete_after(self, self.client, response)

    def import_run(self, checkpoint):
        """Imports a checkpoint in chunks, as a run to step 60."""
        start = runs.ImportRunStart(stop=run_pb2.StopCondition(after_step=60))
        requests = [runs.ImportRunRequest(start=start)]
        for begin in range(0, len(checkpoint), 4000):
            requests.append(runs.ImportRunRequest(chunk=checkpoint[begin : begin + 4000]))
        return delete_after(self, self.client, self.client.ImportRun(iter(requests), timeout=TIMEOUT))

    def steered_run(self):
        """A run that was edited after step 25, and has gone on to its end."""
        run = self.create_run(spec=SPEC, paused=True)
        watcher = Watcher(self, self.client, run_id=run.run_id, every_n_steps=25)
        steering = steer(self, self.client, run.run_id)
        steering(run_pb2.RunCommand(command_id="a", take_steps=run_pb2.TakeSteps(steps=25)))
        watcher.watch(lambda message: message.step == 25)
        steering(add_potential("b", 12.25, row=1, column=1, rows=10, columns=10))
        steering(run_pb2.RunCommand(command_id="c", resume=run_pb2.Resume()))
        watcher.watch()
        self.assertEqual(watcher.kinds[-1], "end")
        return run

    def watch_to_the_end(self, **request):
        """The frames of a run that may still be under way, as fast as it can: all of its frames may have to wait."""
        watcher = Watcher(self, self.client, backlog_frames=100, **request)
        watcher.watch()
        self.assertEqual(watcher.kinds[-1], "end")
        return watcher.frames

    def assert_same_run(self, frames, expected):
        self.assertEqual(
            [(frame.step, frame.revision) for frame in frames], [(frame.step, frame.revision) for frame in expected]
        )

    def assert_decoded(self, encoding, frame, computed):
        """Asserts that the numbers are the computed ones, to the bit or within the error that the frame states."""
        if encoding == FLOAT64:
            self.assertEqual(frame.largest_error, 0)
            self.assertEqual(doubles(frame.numbers), doubles(computed))
        elif encoding == field_pb2.FIELD_ENCODING_FLOAT32:
            rounded = struct.unpack(f"<{len(computed)}f", struct.pack(f"<{len(computed)}f", *computed))
            self.assertEqual(doubles(frame.numbers), doubles(rounded))
        else:
            # Levels twice as far apart as they must be, for their distance is a power of two.
            levels = 255 if encoding == field_pb2.FIELD_ENCODING_QUANTIZED8 else 65535
            self.assertLessEqual(frame.largest_error, (max(computed) - min(computed)) / levels)
        self.assertLessEqual(max(abs(a - b) for a, b in zip(frame.numbers, computed)), frame.largest_error)


def doubles(numbers):
    return struct.pack(f"<{len(numbers)}d", *numbers)


def add_potential(command_id, millivolts, **region):
    added = run_pb2.AddPotential(region=run_pb2.Region(**region), millivolts=millivolts)
    return run_pb2.RunCommand(command_id=command_id, add_potential=added)
