"""The server under abuse: started for a test, and looked at afterwards."""

import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import grpc

from mfn.v1 import simulation_pb2, simulation_service_pb2, simulation_service_pb2_grpc

WORK = Path(os.environ["ABUSE_WORK"])

# For an honest call, in seconds: ten times what it takes beside the worst of the attacks.
PATIENCE = 30

LONGEST_LINE = 2048

# As the console's lines begin: a time, a level.
_FAULT = re.compile(rb"^\S+ (fail|crit): ")


class Server:
    """One `mfn serve` whose log goes to a file."""

    def __init__(self, name, *settings, scheme="http"):
        self.log = WORK / f"{name}.log"
        command = ["dotnet", os.environ["ABUSE_DLL"], "serve", "--urls", f"{scheme}://127.0.0.1:0"]
        for setting in settings:
            command += ["--set", setting]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        watchdog = threading.Timer(PATIENCE, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline().strip()
        watchdog.cancel()
        if not line.startswith("Listening on "):
            raise AssertionError(f"the server said '{line}': {self.log.read_text()}")
        self.address = line.split("://")[1]
        self.port = int(self.address.rsplit(":", 1)[1])

    def resident_bytes(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE).group(1))

    def simulate(self, credentials=None):
        """What an honest client does, on a connection of its own."""
        channel = grpc.insecure_channel(self.address) if credentials is None else grpc.secure_channel(self.address, credentials)
        with channel:
            request = simulation_service_pb2.SimulateRequest(spec=simulation_pb2.SimulationSpec(grid_size=16, steps=10, seed=42))
            client = simulation_service_pb2_grpc.SimulationServiceStub(channel)
            last_try = time.monotonic() + PATIENCE
            while True:
                try:
                    return client.Simulate(request, timeout=PATIENCE, wait_for_ready=True).summary.statistics.mean_potential_millivolts
                except grpc.RpcError as error:
                    # All places may be taken for a moment; then the server says so, and when to come back.
                    if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED or time.monotonic() > last_try:
                        raise
                    time.sleep(1)

    def assert_unharmed(self, test, most_resident_bytes):
        """It serves, has grown no further, and has nothing in its log that it should not."""
        test.assertIsNone(self.process.poll(), "the server has ended")
        test.assertTrue(-100 < self.simulate() < 50)
        test.assertLess(self.resident_bytes(), most_resident_bytes)
        self.assert_log_is_fine(test)

    def assert_log_is_fine(self, test):
        for line in self.log.read_bytes().split(b"\n"):
            test.assertLessEqual(len(line), LONGEST_LINE, line[:300])
            test.assertIsNone(_FAULT.match(line), line)
            test.assertFalse(any(byte < 0x20 or byte == 0x7F for byte in line), line)

    def stop(self, test):
        self.process.send_signal(signal.SIGTERM)
        try:
            test.assertEqual(self.process.wait(PATIENCE), 0)
        finally:
            self.process.kill()
            self.process.communicate()


def start(test, name, *settings, scheme="http"):
    server = Server(name, *settings, scheme=scheme)
    test.addCleanup(server.stop, test)
    return server
