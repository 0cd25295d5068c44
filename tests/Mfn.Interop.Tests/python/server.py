"""The servers that `run` started, and how tests reach them."""

import json
import os
import queue
import subprocess
import threading
import time
from pathlib import Path

import grpc

from contracts import RetryInfo, Status, runs, simulation_pb2

PLAINTEXT = os.environ["INTEROP_PLAINTEXT"]
SINGLE_RUN = os.environ["INTEROP_SINGLE_RUN"]
HUNDRED_STREAMS = os.environ["INTEROP_HUNDRED_STREAMS"]
TLS = os.environ["INTEROP_TLS"]

# For every call, in seconds.
TIMEOUT = 30

# A run that outlasts every test, so that only its client or the server can end it.
LONG_RUN = simulation_pb2.SimulationSpec(grid_size=512, steps=10_000)

_GOLDEN = Path(__file__).parents[2] / "Mfn.Core.Tests" / "Golden"
_CERTIFICATES = Path(os.environ["INTEROP_CERTIFICATES"])


def connect(test, address=PLAINTEXT, credentials=None, options=()):
    """Opens a channel and closes it when the test ends."""
    if credentials is None:
        channel = grpc.insecure_channel(address, options)
    else:
        channel = grpc.secure_channel(address, credentials, options)
    test.addCleanup(channel.close)
    return channel


def start_server(test, *settings, environment=None):
    """Starts a server of the test's own, with more in its environment; gives its process and address."""
    command = ["dotnet", os.environ["INTEROP_DLL"], "serve", "--urls", "http://127.0.0.1:0"]
    for setting in settings:
        command += ["--set", setting]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})
    test.addCleanup(server.communicate)

    # Whatever the test waits for ends when the server does.
    watchdog = threading.Timer(TIMEOUT, server.kill)
    watchdog.start()
    test.addCleanup(watchdog.cancel)
    test.addCleanup(server.kill)

    line = server.stdout.readline().strip()
    test.assertRegex(line, r"^Listening on http://127\.0\.0\.1:\d+$")
    return server, line.removeprefix("Listening on http://")


def steer(test, client, run_id):
    """A function that sends the run a command and returns its outcome."""
    requests = queue.SimpleQueue()
    test.addCleanup(requests.put, None)
    outcomes = client.SteerRun(iter(requests.get, None), timeout=TIMEOUT)

    def send(command):
        requests.put(runs.SteerRunRequest(run_id=run_id, command=command))
        return next(each for each in outcomes if each.WhichOneof("outcome") != "heartbeat")

    return send


def delete_after(test, client, response):
    """The live run that a call has started; it is deleted when the test ends."""
    test.addCleanup(client.DeleteRun, runs.DeleteRunRequest(run_id=response.run.run_id), timeout=TIMEOUT)
    return response.run


def assert_refused(test, call):
    """Asserts that the call fails, and returns its error."""
    with test.assertRaises(grpc.RpcError) as caught:
        call()
    return caught.exception


def assert_cancelled(test, stream):
    """Cancels the stream, and asserts that its reader is told so, whatever was still under way to it."""
    stream.cancel()
    test.assertEqual(assert_refused(test, lambda: list(stream)).code(), grpc.StatusCode.CANCELLED)


def error_detail(test, error, message_class):
    """The only detail of an error, which must be of this class."""
    status = Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    detail = message_class()
    test.assertEqual((status.code, status.message), (error.code().value[0], error.details()))
    test.assertEqual(len(status.details), 1)
    test.assertTrue(status.details[0].Unpack(detail), status)
    return detail


def simulate_when_free(test, client, request):
    """Simulates as soon as the server has a free run: waits as long as the refusal says, and gives up at the tenth."""
    for attempt in range(1, 11):
        try:
            return client.Simulate(request, timeout=TIMEOUT)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED or attempt == 10:
                raise
            time.sleep(retry_delay_seconds(test, error))


def retry_delay_seconds(test, error):
    """How long a refusal asks the client to wait."""
    return error_detail(test, error, RetryInfo).retry_delay.ToTimedelta().total_seconds()


def golden(file, case_id):
    """Inputs and outputs of a recorded run of the reference."""
    cases = json.loads((_GOLDEN / file).read_text())["cases"]
    case = next(each for each in cases if each["id"] == case_id)
    return case["inputs"], case["outputs"]


def certificate(file):
    """A file that `run` issued: <name>.pem or <name>.key."""
    return (_CERTIFICATES / file).read_bytes()
