"""A server, and the proxies of configs/proxies before it, all on free ports of the loopback interface."""

import os
import re
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = Path(os.environ["PROXY_WORK"])
DLL = os.environ["PROXY_DLL"]
AUTHORITY = WORK / "authority.pem"

# For whatever should take a moment, in seconds.
PATIENCE = 60


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_for_port(port, process):
    """Waits until somebody listens."""
    for _ in range(PATIENCE * 20):
        if process.poll() is not None:
            raise AssertionError(f"{process.args} has ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{process.args} does not listen at port {port}")


class Process:
    """A process that can be ended and started again in its place."""

    def __init__(self, test, port):
        self.port = port
        self._process = None
        test.addCleanup(self.stop)

    def command(self):
        raise NotImplementedError

    def start(self):
        log = open(WORK / f"{type(self).__name__}-{self.port}.log", "ab")
        with log:
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for_port(self.port, self._process)
        return self

    def stop(self, kill=False):
        if self._process is None or self._process.poll() is not None:
            return
        self._process.kill() if kill else self._process.terminate()
        self._process.wait(PATIENCE)

    def log(self):
        return (WORK / f"{type(self).__name__}-{self.port}.log").read_text()


class Server(Process):
    def __init__(self, test, *settings):
        super().__init__(test, free_port())
        self._settings = settings

    def command(self):
        settings = [word for setting in self._settings for word in ("--set", setting)]
        return ["dotnet", DLL, "serve", "--urls", f"http://127.0.0.1:{self.port}", *settings]


class Proxy(Process):
    """A proxy with the configuration that users get, but for ports, paths and users, and what a test changes."""

    name = None
    file = None

    def __init__(self, test, server, **changes):
        super().__init__(test, free_port())
        text = (ROOT / "configs" / "proxies" / self.file).read_text()
        for pattern, replacement in (self.replacements(server) | changes.get("changes", {})).items():
            text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
            if count == 0:
                raise AssertionError(f"{self.file} has no '{pattern}'")
        self.path = WORK / f"{self.port}-{self.file}"
        self.path.write_text(text)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def replacements(self, server):
        raise NotImplementedError


class Nginx(Proxy):
    file = "nginx.conf"

    def replacements(self, server):
        return {
            r"^user .*$": "user root;" if os.geteuid() == 0 else "",
            r"/run/nginx\.pid": f"{WORK}/{self.port}.pid",
            r"/var/log/nginx/": f"{WORK}/{self.port}-",
            r"listen 443": f"listen 127.0.0.1:{self.port}",
            r"/etc/mfn/proxy": f"{WORK}/proxy",
            r"127\.0\.0\.1:50051": f"127.0.0.1:{server.port}",
        }

    def command(self):
        return ["nginx", "-c", str(self.path), "-g", "daemon off;"]

    def access_log(self):
        return Path(f"{WORK}/{self.port}-access.log").read_text()


class HAProxy(Proxy):
    file = "haproxy.cfg"

    def replacements(self, server):
        return {
            r"^ +(user|group) haproxy\n": "",
            r"^ +log .*\n": "",
            r"bind :443": f"bind 127.0.0.1:{self.port}",
            r"/etc/mfn/proxy\.pem": f"{WORK}/both.pem",
            r"127\.0\.0\.1:50051": f"127.0.0.1:{server.port}",
        }

    def command(self):
        return ["haproxy", "-db", "-f", str(self.path)]


KINDS = (Nginx, HAProxy)
