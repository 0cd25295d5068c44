"""Beside an attack: simulates ten times a second and watches a run of 20 steps a second, until its input ends; then says how that went."""

import json
import sys
import threading
import time

import grpc

from mfn.v1 import field_pb2, run_service_pb2, run_service_pb2_grpc, simulation_pb2, simulation_service_pb2, simulation_service_pb2_grpc

STEPS_PER_SECOND = 20


def main(address):
    channel = grpc.insecure_channel(address)
    runs = run_service_pb2_grpc.RunServiceStub(channel)
    simulation = simulation_service_pb2_grpc.SimulationServiceStub(channel)
    request = run_service_pb2.CreateRunRequest(steps_per_second=STEPS_PER_SECOND, spec=simulation_pb2.SimulationSpec(grid_size=64))
    request.stop.never = True
    run_id = runs.CreateRun(request).run.run_id
    watching = runs.WatchRun(run_service_pb2.WatchRunRequest(run_id=run_id, field_encoding=field_pb2.FIELD_ENCODING_FLOAT64))
    seen, ended = {"frames": 0, "failed": None}, threading.Event()

    def watch():
        try:
            for response in watching:
                seen["frames"] += response.WhichOneof("kind") in ("snapshot", "delta")
        except grpc.RpcError as error:
            if not ended.is_set():
                seen["failed"] = f"watch: {error.details()}"

    threading.Thread(target=watch, daemon=True).start()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    began, slowest = time.monotonic(), 0.0
    print("begun", flush=True)
    while not ended.wait(0.1):
        called = time.monotonic()
        try:
            simulation.Simulate(simulation_service_pb2.SimulateRequest(spec=simulation_pb2.SimulationSpec(grid_size=16, steps=10)), timeout=30)
        except grpc.RpcError as error:
            seen["failed"] = f"Simulate: {error.details()}"
        slowest = max(slowest, time.monotonic() - called)
    pace = seen["frames"] / (time.monotonic() - began) / STEPS_PER_SECOND
    watching.cancel()
    try:
        runs.DeleteRun(run_service_pb2.DeleteRunRequest(run_id=run_id), timeout=30)
    except grpc.RpcError as error:
        seen["failed"] = seen["failed"] or f"DeleteRun: {error.details()}"
    print(json.dumps({"slowest": slowest, "pace": pace, "failed": seen["failed"]}))


main(sys.argv[1])
