"""Mutated messages to every method: whatever comes, it is answered in time, and never as a fault of the server."""

import base64
import collections
import os
import random
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import grpc

import mutations
import seeds
from server import start
from mfn.v1 import run_service_pb2, run_service_pb2_grpc

MESSAGES = int(os.environ["FUZZ_MESSAGES"])
SEED = int(os.environ["FUZZ_SEED"])
THREADS = 8

# For every call, in seconds; and how much later it may end on a machine that does much else.
DEADLINE = 2
SLACK = 10

LARGEST_REFUSAL = 2048

# What the server takes at rest, what its options below allow calls and runs, and as much again for what was not collected yet.
MOST_RESIDENT_BYTES = 384 << 20

LIMITS = (
    "Limits:MaxGridSize=16",
    "Limits:MaxSteps=64",
    "Limits:MaxFrames=50",
    "Limits:MaxRequestBytes=262144",
    "Limits:MaxAggregationBytes=16777216",
    "Limits:MaxTotalAggregationBytes=67108864",
    "Runs:MaxRuns=16",
    "Runs:MaxHistoryBytesPerRun=1048576",
    "Runs:IdleTimeout=00:00:05",
)

FAULTS = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS, grpc.StatusCode.UNAVAILABLE)


class FuzzTest(unittest.TestCase):
    def test_mutated_messages(self):
        print(f"FUZZ_SEED={SEED} FUZZ_MESSAGES={MESSAGES}", flush=True)
        server = start(self, "fuzz", *LIMITS)
        with grpc.insecure_channel(server.address) as channel:
            runs = run_service_pb2_grpc.RunServiceStub(channel)
            request = run_service_pb2.CreateRunRequest(steps_per_second=50, history_steps=10, stop={"never": True})
            request.spec.grid_size = seeds.GRID
            run = runs.CreateRun(request, timeout=DEADLINE).run
            with ThreadPoolExecutor(THREADS) as pool:
                sent = list(pool.map(lambda i: self.abuse(server, run.run_id, i), range(THREADS)))

        statuses = sum((counts for _, counts in sent), collections.Counter())
        print(f"{sum(count for count, _ in sent)} messages, {server.resident_bytes() >> 20} MiB:", dict(statuses.most_common()), flush=True)
        self.assertGreaterEqual(sum(count for count, _ in sent), MESSAGES)
        for status in (grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND):
            self.assertGreater(statuses[status], 0)
        server.assert_unharmed(self, MOST_RESIDENT_BYTES)

    def abuse(self, server, run_id, thread):
        """Sends one thread's part of the messages; gives their number and the statuses."""
        chance = random.Random(SEED * 1000 + thread)
        methods = sorted(seeds.seeds(run_id).items())
        sent, statuses = 0, collections.Counter()
        with grpc.insecure_channel(server.address, [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", 1 << 30)]) as channel:
            while sent < MESSAGES // THREADS + 1:
                path, (is_upload, is_download, calls) = chance.choice(methods)
                messages = [mutations.mutate(chance, message) if chance.random() < 0.7 else message.SerializeToString() for message in chance.choice(calls)]
                i = chance.randrange(len(messages))
                messages[i] = mutations.mutate(chance, chance.choice(calls)[0]) if chance.random() < 0.1 else messages[i]
                sent += len(messages)
                began = time.monotonic()
                statuses[self.call(channel, path, is_upload, is_download, messages)] += 1
                self.assertLess(time.monotonic() - began, DEADLINE + SLACK, path)
        return sent, statuses

    def call(self, channel, path, is_upload, is_download, messages):
        """Makes one call, of which it reads no more than a few answers; gives its status."""
        kind = f"{'stream' if is_upload else 'unary'}_{'stream' if is_download else 'unary'}"
        request = iter(messages) if is_upload else messages[0]
        try:
            answer = getattr(channel, kind)(path)(request, timeout=DEADLINE)
            if is_download:
                for count, _ in enumerate(answer, start=1):
                    if count == (1 if path.endswith("/Watch") else 3):
                        answer.cancel()
                        break
            return grpc.StatusCode.OK
        except grpc.RpcError as error:
            code = error.code()
            self.assertNotIn(code, FAULTS, f"{path} {[message.hex() for message in messages]}: {error.details()}")
            details = b"".join(value for key, value in error.trailing_metadata() or () if key == "grpc-status-details-bin")
            escaped = sum(1 if 0x20 <= byte <= 0x7E and byte != 0x25 else 3 for byte in (error.details() or "").encode())
            self.assertLessEqual(escaped + len(base64.b64encode(details)), LARGEST_REFUSAL, path)
            return code
