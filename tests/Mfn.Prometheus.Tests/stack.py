"""A server with metrics, and a Prometheus that scrapes it, on free ports of the loopback interface."""

import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = Path(os.environ["PROMETHEUS_WORK"])
DLL = os.environ["PROMETHEUS_DLL"]

# For whatever should take a moment, in seconds.
PATIENCE = 60


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_until(is_so, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError(f"after {PATIENCE} s there is still not {what}")


def mfn(*arguments):
    """What a command prints."""
    done = subprocess.run(["dotnet", DLL, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode != 0:
        raise AssertionError(f"mfn {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def get(url, accept=None):
    request = urllib.request.Request(url, headers={"Accept": accept} if accept else {})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return answer.read().decode()


class Process:
    """A process with a log, which ends when it is told to."""

    def __init__(self, name, command, is_ready):
        self.log_file = WORK / f"{name}.log"
        with open(self.log_file, "wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            wait_until(lambda: self._is_ready(is_ready), f"a ready {name}")
        except BaseException as problem:
            self.stop()
            raise AssertionError(f"{name} is not ready: {problem}\n{self.log()}") from problem

    def _is_ready(self, is_ready):
        if self._process.poll() is not None:
            raise AssertionError("it has ended")
        try:
            return is_ready(self)
        except (OSError, urllib.error.URLError):
            return False

    def log(self):
        return self.log_file.read_text()

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


class Server:
    """A server that has everything that metrics tell of: TLS, keys, quotas, an audit log and a data directory."""

    # What the callers "limited" may have.
    LIVE_RUNS = 1

    def __init__(self):
        self.port, self.web_port, metrics_port = free_port(), free_port(), free_port()
        self.metrics = f"127.0.0.1:{metrics_port}"
        keys = str(WORK / "keys.json")
        self.keys = {
            name: json.loads(mfn("key", "create", name, *(word for role in roles for word in ("--role", role)), "--keys", keys, "--json"))["key"]
            for name, roles in {"lab": ["operator", "contributor"], "looker": ["viewer"], "limited": ["operator"]}.items()
        }
        quotas = WORK / "quotas.json"
        limited = {"name": "limited", "tenant": "default", "live_runs": self.LIVE_RUNS}
        quotas.write_text(json.dumps({"format_version": 1, "identities": [limited], "tenants": []}))
        settings = {
            "Metrics:Url": f"http://{self.metrics}",
            "Web:Url": f"https://127.0.0.1:{self.web_port}",
            "Runs:DataDirectory": WORK / "data",
            "Audit:File": WORK / "audit.jsonl",
            "Auth:ApiKeys:File": keys,
            "Auth:Quotas:File": quotas,
            "Tls:CertificateFile": WORK / "server.pem",
            "Tls:KeyFile": WORK / "server.key",
        }
        words = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        url = f"https://127.0.0.1:{self.port}"
        self._process = Process("server", ["dotnet", DLL, "serve", "--urls", url, *words], lambda process: self.scrape() and "Listening on" in process.log())
        self.stop = self._process.stop

    def log(self):
        return self._process.log()

    def scrape(self, accept=None):
        return get(f"http://{self.metrics}/metrics", accept)


class Prometheus:
    """A Prometheus that looks every two seconds."""

    # A scrape takes some milliseconds, and may take no longer than the interval: on a machine that is busy with something else a second was too short.
    INTERVAL = 2

    def __init__(self, server, rules=()):
        port = free_port()
        self._url = f"http://127.0.0.1:{port}"
        configuration = {
            "global": {"scrape_interval": f"{self.INTERVAL}s", "scrape_timeout": f"{self.INTERVAL}s", "evaluation_interval": "1s"},
            "scrape_configs": [{"job_name": "mfn", "static_configs": [{"targets": [server.metrics]}]}],
            "rule_files": [str(path) for path in rules],
        }
        file = WORK / "prometheus.yml"
        file.write_text(json.dumps(configuration))
        command = [
            "prometheus",
            f"--config.file={file}",
            f"--storage.tsdb.path={WORK / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--enable-feature=exemplar-storage",
        ]
        self._process = Process("prometheus", command, lambda _: get(f"{self._url}/-/ready"))
        self.stop, self.log = self._process.stop, self._process.log

    def ask(self, path, **parameters):
        try:
            answer = get(f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{path} {parameters}: {refused.read().decode()}") from None
        return json.loads(answer)["data"]

    def query(self, expression):
        """The series of an expression, each with its labels and its value."""
        data = self.ask("query", query=expression)
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(each["metric"], float(each["value"][1])) for each in data["result"]]


class Documented:
    """What docs/metrics.md says of the metrics."""

    _ROW = re.compile(r"^\| `(?P<name>mfn_\w+)` \| (?P<kind>\w+) \| (?P<meaning>.*?) \| (?P<labels>.*?) \|$", re.MULTILINE)
    _LABEL = re.compile(r"^`(?P<name>\w+)`: (?P<values>.*)$")

    def __init__(self):
        page = (ROOT / "docs" / "metrics.md").read_text()
        self.kinds, self._labels = {}, {}
        for row in self._ROW.finditer(page):
            name = row["name"]
            self.kinds[name] = row["kind"]
            # A values' list has semicolons only in front of another label.
            parts = [part for part in re.split(r"; (?=`\w+`: )", row["labels"]) if part.strip()]
            self._labels[name] = {label["name"]: label["values"] for label in map(self._LABEL.match, parts)}
        self.most_series = int(re.search(r"at most ([0-9,]+) series", page)[1].replace(",", ""))

    def labels(self, name):
        return set(self._labels[name])

    def values(self, name, label):
        """The values that a label may have; none if the page has no list of them."""
        values = self._labels[name][label]
        listed = re.findall(r"`([^`]*)`", values)
        return set(listed) if re.sub(r"`[^`]*`", "", values).strip(", ") == "" else None


class Sample:
    def __init__(self, name, labels, value):
        self.name, self.labels, self.value = name, labels, value


class Exposition:
    """What a server tells, in the text format."""

    _SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")
    _LABEL = re.compile(r'(?P<name>\w+)="(?P<value>(?:[^"\\]|\\.)*)"')

    def __init__(self, text):
        self.kinds, self.samples = {}, []
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.kinds[name] = kind
            elif line and not line.startswith("#"):
                sample = self._SAMPLE.match(line)
                assert sample, line
                labels = {label["name"]: label["value"] for label in self._LABEL.finditer(sample["labels"] or "")}
                self.samples.append(Sample(sample["name"], labels, float(sample["value"])))

    def family(self, sample):
        """The metric that a sample is of."""
        if sample.name in self.kinds:
            return sample.name
        return re.sub(r"_(bucket|sum|count)$", "", sample.name)

    def sum(self, name, **labels):
        return sum(sample.value for sample in self.samples if sample.name == name and labels.items() <= sample.labels.items())
