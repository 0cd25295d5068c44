"""Calls of all kinds, with a ledger of what came of them: all streams are read to their ends, so that the server's counters must say the same."""

import collections
import http.client
import random
import socket
import ssl
import struct
import threading
import time
import uuid

import grpc

from contracts import (
    ErrorInfo,
    HealthCheckRequest,
    HealthCheckResponse,
    ServerReflectionRequest,
    Status,
    aggregation,
    field_pb2,
    membrane,
    run_pb2,
    runs,
    simulation,
    simulation_pb2,
)
from grpc.reflection.v1 import reflection_pb2
from mfn.v1 import feature_service_pb2 as features
from mfn.v1 import fractal_service_pb2 as fractals
from mfn.v1 import validation_service_pb2 as validation

from stack import PATIENCE, WORK

FLOAT64 = field_pb2.FIELD_ENCODING_FLOAT64
DELIVERIES = {
    runs.DELIVERY_LOSSLESS: "lossless",
    runs.DELIVERY_LATEST: "latest",
    runs.DELIVERY_DROP_OLDEST: "drop_oldest",
    runs.DELIVERY_DEGRADE: "degrade",
}


class Ledger:
    """What the calls of the load were, and what they were answered. Thread-safe."""

    def __init__(self):
        self._lock = threading.Lock()
        # By service, method and code; methods that nobody has are "unknown".
        self.calls = collections.Counter()
        # By verb, path and status.
        self.requests = collections.Counter()
        # By reason and by quota.
        self.refusals, self.quotas = collections.Counter(), collections.Counter()
        # By delivery.
        self.frames, self.bytes, self.dropped = collections.Counter(), collections.Counter(), collections.Counter()
        self.gaps, self.rounds, self.refused_updates, self.outcomes = (collections.Counter() for _ in range(4))
        self.watches = self.resumptions = self.degradations = 0
        self.traces = set()

    def add(self, **counts):
        with self._lock:
            for name, count in counts.items():
                if isinstance(count, int):
                    setattr(self, name, getattr(self, name) + count)
                else:
                    getattr(self, name).update(count)


class Client:
    """Calls of an identity, each with ids of its own, that are written into the ledger."""

    def __init__(self, server, ledger, key=None):
        credentials = grpc.ssl_channel_credentials((WORK / "server.pem").read_bytes())
        options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
        self._channel = grpc.secure_channel(f"127.0.0.1:{server.port}", credentials, options)
        self.close = self._channel.close
        self._ledger, self._key = ledger, key

    def unary(self, method, request, answer, key=None):
        """The answer, or None if it is refused, which goes into the ledger as well."""
        return self._one(self._channel.unary_unary, method, request, answer, key)

    def upload(self, method, requests, answer):
        return self._one(self._channel.stream_unary, method, iter(requests), answer, None)

    def stream(self, method, request, answer):
        """The messages of a stream, which the caller must read to their end."""
        return self._many(self._channel.unary_stream, method, request, answer)

    def talk(self, method, requests, answer):
        return self._many(self._channel.stream_stream, method, iter(requests), answer)

    def _one(self, kind, method, request, answer, key):
        call = self._open(kind, method, answer)
        try:
            result = call(request, timeout=PATIENCE, metadata=self._metadata(key))
            self._note(method, "OK")
            return result
        except grpc.RpcError as refused:
            self._note(method, refused.code().name, refused)
            return None

    def _many(self, kind, method, request, answer):
        try:
            yield from self._open(kind, method, answer)(request, timeout=4 * PATIENCE, metadata=self._metadata(None))
            self._note(method, "OK")
        except grpc.RpcError as refused:
            self._note(method, refused.code().name, refused)

    @staticmethod
    def _open(kind, method, answer):
        def write(message):
            return message if isinstance(message, bytes) else message.SerializeToString()

        return kind(f"/{method}", request_serializer=write, response_deserializer=answer.FromString)

    def _metadata(self, key):
        key = key or self._key
        trace = uuid.uuid4().hex
        self._ledger.add(traces=[trace])
        metadata = [("x-correlation-id", uuid.uuid4().hex), ("x-request-id", uuid.uuid4().hex), ("traceparent", f"00-{trace}-{trace[:16]}-01")]
        return [*metadata, ("authorization", f"Bearer {key}")] if key else metadata

    def _note(self, method, code, refused=None):
        service, name = method.split("/")
        if code == "UNIMPLEMENTED":
            service = name = "unknown"
        reasons, quotas = _reasons(refused) if refused else ([], [])
        self._ledger.add(calls=[(service, name, code)], refusals=reasons, quotas=quotas)


def _reasons(refused):
    """Why a call was refused: reasons of ErrorInfo, and quotas."""
    details = next((value for name, value in refused.trailing_metadata() or () if name == "grpc-status-details-bin"), b"")
    reasons, quotas = [], []
    for detail in Status.FromString(details).details:
        if detail.Is(ErrorInfo.DESCRIPTOR):
            info = ErrorInfo()
            detail.Unpack(info)
            reasons.append(info.reason)
        elif detail.type_url.endswith("/google.rpc.QuotaFailure"):
            quotas.append(next(quota for quota in ("live_runs", "watchers", "open_calls", "cell_steps_at_once", "cell_steps_per_second", "history_bytes", "upload_bytes") if quota.encode() in detail.value))
    return reasons, quotas


class Load:
    """So many seconds of load, with so many calls of random methods, ids, keys and correlation ids among it."""

    def __init__(self, server, seconds, random_calls, seed):
        self.ledger = Ledger()
        self._server, self._seconds, self._random_calls, self._seed = server, seconds, random_calls, seed
        self._lab = Client(server, self.ledger, server.keys["lab"])
        self._problems = []

    def run(self):
        end = time.monotonic() + self._seconds
        work = [
            self._watch_steadily,
            self._repeat(self._watch_slowly),
            self._repeat(self._watch_history),
            self._repeat(self._aggregate),
            self._repeat(self._compute),
            self._repeat(self._use_runs),
            self._repeat(self._be_refused),
            self._repeat(self._use_rest),
            *(self._call_randomly(part) for part in range(4)),
        ]
        threads = [threading.Thread(target=self._guard, args=(each, end)) for each in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(self._seconds + 4 * PATIENCE)
        self._lab.close()
        if self._problems:
            raise self._problems[0]

    def _guard(self, work, end):
        try:
            work(end)
        except BaseException as problem:  # pylint: disable=broad-except
            self._problems.append(problem)

    @staticmethod
    def _repeat(work):
        def until(end):
            while True:
                work()
                if time.monotonic() > end - 5:
                    return
                time.sleep(0.5)

        return until

    def _create(self, after_step=None, grid=16, **more):
        stop = run_pb2.StopCondition(after_step=after_step) if after_step else run_pb2.StopCondition(never=True)
        request = runs.CreateRunRequest(spec=simulation_pb2.SimulationSpec(grid_size=grid), stop=stop, **more)
        return self._lab.unary("mfn.v1.RunService/CreateRun", request, runs.CreateRunResponse).run.run_id

    def _delete(self, run):
        self._lab.unary("mfn.v1.RunService/DeleteRun", runs.DeleteRunRequest(run_id=run), runs.DeleteRunResponse)

    def _watch(self, run, delivery=runs.DELIVERY_LOSSLESS, pause=None, **more):
        """Watches to the end, and returns the tokens; pause says how long to wait before the next message."""
        request = runs.WatchRunRequest(run_id=run, delivery=delivery, **more)
        tokens, name = [], DELIVERIES[delivery]
        for message in self._lab.stream("mfn.v1.RunService/WatchRun", request, runs.WatchRunResponse):
            kind = message.WhichOneof("kind")
            if kind in ("snapshot", "delta"):
                self.ledger.add(frames={name: 1}, bytes={name: message.ByteSize()})
                tokens.append(message.token)
            elif kind == "gap":
                reason = "slow_watcher" if message.gap.reason == runs.GAP_REASON_SLOW_WATCHER else "history_trimmed"
                self.ledger.add(gaps={reason: 1}, dropped={name: message.gap.dropped_frames})
            elif kind == "fell_behind":
                self.ledger.add(degradations=1)
            if pause:
                pause(len(tokens))
        self.ledger.add(watches=1 if tokens else 0, resumptions=1 if more.get("resume_token") else 0)
        return tokens

    def _wait_for_stop(self, run):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            state = self._lab.unary("mfn.v1.RunService/GetRun", runs.GetRunRequest(run_id=run), runs.GetRunResponse).run.state
            if state == run_pb2.RUN_STATE_STOPPED:
                return
            time.sleep(0.1)
        raise AssertionError("the run does not stop")

    def _steer(self, run, *commands):
        requests = [runs.SteerRunRequest(run_id=run, command=command) for command in commands]
        return list(self._lab.talk("mfn.v1.RunService/SteerRun", requests, runs.SteerRunResponse))

    def _watch_steadily(self, end):
        run = self._create(grid=64, steps_per_second=50)
        orders = [
            {"every_n_steps": 5, "field_encoding": field_pb2.FIELD_ENCODING_QUANTIZED8},
            {"delivery": runs.DELIVERY_LATEST, "field_encoding": FLOAT64},
            {"delivery": runs.DELIVERY_DEGRADE, "field_encoding": FLOAT64, "statistics": True},
        ]
        threads = [threading.Thread(target=self._guard, args=(lambda _, order=order: self._watch(run, **order), end)) for order in orders]
        for thread in threads:
            thread.start()
        time.sleep(max(0.0, end - time.monotonic() - 2))
        self._delete(run)
        for thread in threads:
            thread.join(PATIENCE)

    def _watch_slowly(self):
        for delivery in (runs.DELIVERY_DROP_OLDEST, runs.DELIVERY_DEGRADE, runs.DELIVERY_LOSSLESS):
            run = self._create(after_step=150, grid=256, paused=True)

            def pause(count, run=run):
                # The first frame is of step 0. Nothing more is read before the run has ended, or has lost this watcher.
                if count == 1:
                    self._steer(run, run_pb2.RunCommand(command_id="go", resume=run_pb2.Resume()))
                    self._wait_for_stop(run)

            self._watch(run, delivery, pause, every_n_steps=1, field_encoding=FLOAT64, backlog_frames=2)
            self._delete(run)

    def _watch_history(self):
        run = self._create(after_step=200, history_steps=1000)
        self._wait_for_stop(run)
        tokens = self._watch(run, from_step=0, every_n_steps=4, field_encoding=FLOAT64)
        self._watch(run, resume_token=tokens[len(tokens) // 2], every_n_steps=4, field_encoding=FLOAT64)
        self._delete(run)
        run = self._create(after_step=500, history_steps=10)
        self._wait_for_stop(run)
        self._watch(run, from_step=0, every_n_steps=50)
        self._delete(run)

    def _aggregate(self):
        rules = {
            "krum": {"krum": aggregation.KrumRule()},
            "median": {"median": aggregation.MedianRule()},
            "mean": {"mean": aggregation.MeanRule()},
            "bulyan": {"bulyan": aggregation.BulyanRule()},
        }
        for name, rule in rules.items():
            spec = aggregation.AggregationSpec(length=100, encoding=aggregation.VECTOR_ENCODING_FLOAT64, byzantine_count=0 if name == "mean" else 1, rule=aggregation.AggregationRule(**rule))
            updates = [aggregation.ClientUpdate(client_id=f"client-{i}", values=struct.pack("<100d", *([float(i)] * 100))) for i in range(8)]
            updates.append(aggregation.ClientUpdate(client_id="not-finite", values=struct.pack("<100d", *([float("nan")] * 100))))
            request = aggregation.AggregateRequest(spec=spec, updates=updates)
            answer = self._lab.unary("mfn.v1.AggregationService/Aggregate", request, aggregation.AggregateResponse)
            self._note_round(answer and answer.decision.rule, len(updates) - 8)
            few = aggregation.AggregateRequest(spec=spec, updates=updates[:1])
            if name != "mean":
                assert self._lab.unary("mfn.v1.AggregationService/Aggregate", few, aggregation.AggregateResponse) is None
                self.ledger.add(rounds={"too_few_updates": 1})
        messages = [
            aggregation.AggregateStreamRequest(spec=spec, update_count=8),
            *(aggregation.AggregateStreamRequest(declarations=[aggregation.UpdateDeclaration(client_id=each.client_id, length=100)]) for each in updates[:8]),
            *(aggregation.AggregateStreamRequest(chunks=[aggregation.UpdateChunk(client_id=each.client_id, values=each.values)]) for each in updates[:8]),
        ]
        answers = list(self._lab.talk("mfn.v1.AggregationService/AggregateStream", messages, aggregation.AggregateStreamResponse))
        assert answers, "the stream of updates was refused"
        self._note_round(answers[0].decision.rule, 0)

    def _note_round(self, rule, refused):
        self.ledger.add(rounds={"answered": 1}, refused_updates={"not_finite": refused})

    def _compute(self):
        spec = simulation_pb2.SimulationSpec(grid_size=32, steps=60)
        field = field_pb2.Field(rows=16, columns=16, encoding=FLOAT64, values=struct.pack("<256d", *([-0.07] * 256)))
        calls = [
            ("SimulationService/Simulate", simulation.SimulateRequest(spec=spec), simulation.SimulateResponse),
            ("SimulationService/Explain", simulation.ExplainRequest(spec=spec), simulation.ExplainResponse),
            ("SimulationService/EstimateCost", simulation.EstimateCostRequest(simulate=simulation.SimulateRequest(spec=spec)), simulation.EstimateCostResponse),
            ("FeatureService/DescribeFeatures", features.DescribeFeaturesRequest(), features.DescribeFeaturesResponse),
            ("FeatureService/ExtractFeatures", features.ExtractFeaturesRequest(frames=[field, field]), features.ExtractFeaturesResponse),
            ("FractalService/ComputeBoxCountingDimension", fractals.ComputeBoxCountingDimensionRequest(field=field), fractals.ComputeBoxCountingDimensionResponse),
            ("FractalService/GenerateIteratedFunctionSystem", fractals.GenerateIteratedFunctionSystemRequest(point_count=1000), fractals.GenerateIteratedFunctionSystemResponse),
            ("FractalService/ComputeHistoryStability", fractals.ComputeHistoryStabilityRequest(frames=[field, field]), fractals.ComputeHistoryStabilityResponse),
            ("MembraneService/ComputeNernstPotential", membrane.ComputeNernstPotentialRequest(valence=1, outside_molar=0.1, inside_molar=0.01, temperature_kelvin=310), membrane.ComputeNernstPotentialResponse),
            ("MembraneService/ComputeGoldmanPotential", membrane.ComputeGoldmanPotentialRequest(), membrane.ComputeGoldmanPotentialResponse),
            ("ValidationService/Validate", validation.ValidateRequest(grid_size=16, steps=16, epochs=1), validation.ValidateResponse),
        ]
        for method, request, answer in calls:
            self._lab.unary(f"mfn.v1.{method}", request, answer)
        self._lab.unary("grpc.health.v1.Health/Check", HealthCheckRequest(), HealthCheckResponse)
        answers = self._lab.talk("grpc.reflection.v1.ServerReflection/ServerReflectionInfo", [ServerReflectionRequest(list_services="")], reflection_pb2.ServerReflectionResponse)
        assert list(answers), "no reflection"
        request = simulation.StreamSimulationRequest(spec=spec, every_n_steps=3, field_encoding=FLOAT64)
        for message in self._lab.stream("mfn.v1.SimulationService/StreamSimulation", request, simulation.StreamSimulationResponse):
            if message.WhichOneof("kind") == "frame":
                self.ledger.add(frames={"owner": 1}, bytes={"owner": message.ByteSize()})
        start = fractals.ComputeHistoryStabilityStreamRequest(start=fractals.ComputeHistoryStabilityStreamStart())
        frames = [fractals.ComputeHistoryStabilityStreamRequest(frame=field)] * 3
        self._lab.upload("mfn.v1.FractalService/ComputeHistoryStabilityStream", [start, *frames], fractals.ComputeHistoryStabilityStreamResponse)

    def _use_runs(self):
        run = self._create(history_steps=100, paused=True)
        self._steer(
            run,
            run_pb2.RunCommand(command_id="ten", take_steps=run_pb2.TakeSteps(steps=10)),
            run_pb2.RunCommand(command_id="keep", checkpoint=run_pb2.Checkpoint()),
        )
        fork = self._lab.unary("mfn.v1.RunService/ForkRun", runs.ForkRunRequest(run_id=run, paused=True), runs.ForkRunResponse).run.run_id
        chunks = [message.chunk for message in self._lab.stream("mfn.v1.RunService/ExportRun", runs.ExportRunRequest(run_id=run), runs.ExportRunResponse)]
        messages = [runs.ImportRunRequest(start=runs.ImportRunStart(paused=True)), *(runs.ImportRunRequest(chunk=chunk) for chunk in chunks)]
        imported = self._lab.upload("mfn.v1.RunService/ImportRun", messages, runs.ImportRunResponse).run.run_id
        self._lab.unary("mfn.v1.RunService/CheckRun", runs.CheckRunRequest(run_id=run), runs.CheckRunResponse)
        self._lab.unary("mfn.v1.RunService/ListRuns", runs.ListRunsRequest(page_size=5), runs.ListRunsResponse)
        for each in (run, fork, imported):
            self._delete(each)

    def _be_refused(self):
        nobody, looker, limited = (Client(self._server, self.ledger, self._server.keys.get(name)) for name in ("nobody", "looker", "limited"))
        request = runs.CreateRunRequest(spec=simulation_pb2.SimulationSpec(grid_size=16), paused=True)
        assert nobody.unary("mfn.v1.RunService/CreateRun", request, runs.CreateRunResponse) is None
        assert looker.unary("mfn.v1.RunService/CreateRun", request, runs.CreateRunResponse) is None
        own = [limited.unary("mfn.v1.RunService/CreateRun", request, runs.CreateRunResponse) for _ in range(self._server.LIVE_RUNS + 2)]
        assert own[self._server.LIVE_RUNS :] == [None, None], "the quota is not kept"
        for each in own[: self._server.LIVE_RUNS]:
            limited.unary("mfn.v1.RunService/DeleteRun", runs.DeleteRunRequest(run_id=each.run.run_id), runs.DeleteRunResponse)
        for client in (nobody, looker, limited):
            client.close()
        # No handshake of TLS.
        with socket.create_connection(("127.0.0.1", self._server.port), timeout=PATIENCE) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            connection.recv(1024)

    def _use_rest(self):
        trust = ssl.create_default_context(cafile=WORK / "server.pem")
        for verb, path, endpoint, call in (
            ("GET", "/v1/runs", "/v1/runs", ("mfn.v1.RunService", "ListRuns", "OK")),
            ("GET", f"/v1/runs/{uuid.uuid4().hex}", "/v1/runs/{run_id}", ("mfn.v1.RunService", "GetRun", "NOT_FOUND")),
            ("GET", f"/{uuid.uuid4().hex}", "unknown", None),
        ):
            connection = http.client.HTTPSConnection("127.0.0.1", self._server.web_port, timeout=PATIENCE, context=trust)
            trace = uuid.uuid4().hex
            self.ledger.add(traces=[trace])
            headers = {"Authorization": f"Bearer {self._server.keys['lab']}", "traceparent": f"00-{trace}-{trace[:16]}-01"}
            connection.request(verb, path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            self.ledger.add(requests=[(verb, endpoint, answer.status)], calls=[call] if call else [], refusals=["RUN_NOT_FOUND"] if call and call[-1] == "NOT_FOUND" else [])

    def _call_randomly(self, part):
        """Calls that somebody who guesses would make."""

        def until(end):
            draw = random.Random(f"{self._seed} {part}")
            start = time.monotonic()
            count = self._random_calls // 4
            for i in range(count):
                time.sleep(max(0.0, start + (end - 5 - start) * i / count - time.monotonic()))
                self._call(draw)

        return until

    def _call(self, draw):
        made_up = f"{draw.getrandbits(64):x}"
        unknown = draw.choice([f"s{made_up}.Service/Method", f"mfn.v1.RunService/M{made_up}", f"mfn.v{draw.randrange(2, 100)}.RunService/GetRun"])
        known = draw.choice(["mfn.v1.RunService/GetRun", "mfn.v1.RunService/DeleteRun", "mfn.v1.MembraneService/ComputeNernstPotential"])
        key = draw.choice([f"mfn_{made_up[:12]}_{made_up}", made_up])
        kind = draw.randrange(4)
        if kind == 0:
            self._lab.unary(unknown, draw.randbytes(draw.randrange(20)), runs.GetRunResponse)
        elif kind == 1:
            self._lab.unary("mfn.v1.RunService/GetRun", runs.GetRunRequest(run_id=f"{draw.getrandbits(128):032x}"), runs.GetRunResponse)
        elif kind == 2:
            self._lab.unary(known, runs.GetRunRequest(run_id=made_up), runs.GetRunResponse, key=key)
        else:
            self._lab.unary(known, draw.randbytes(draw.randrange(1, 50)), runs.GetRunResponse)
