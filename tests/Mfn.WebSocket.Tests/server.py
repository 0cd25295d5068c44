"""The real server, with a file of keys, for the time of a test."""
import json
import os
import re
import subprocess
import tempfile
import urllib.request
from contextlib import contextmanager


@contextmanager
def serving(*settings):
    """Starts it; gives its address of HTTP, without the scheme, and a key."""
    dll = os.environ["SOCKET_DLL"]
    with tempfile.TemporaryDirectory(dir=os.environ["SOCKET_WORK"]) as folder:
        keys = f"{folder}/keys.json"
        made = subprocess.run(["dotnet", dll, "key", "create", "tester", "--role", "operator", "--keys", keys, "--json"],
                              check=True, stdout=subprocess.PIPE, text=True)
        key = json.loads(made.stdout)["key"]
        given = ["Web:Url=http://127.0.0.1:0", "Metrics:Url=off", f"Auth:ApiKeys:File={keys}", *settings]
        command = ["dotnet", dll, "serve", "--urls", "http://127.0.0.1:0", *(part for setting in given for part in ("--set", setting))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            try:
                for line in process.stdout:
                    if found := re.search(r"REST at http://(\S+)", line):
                        break
                else:
                    raise AssertionError("The server has not started.")
                yield found[1], key
            finally:
                process.terminate()
                process.communicate(timeout=30)


def post(address, key, path, body):
    """Calls a method over HTTP."""
    request = urllib.request.Request(f"http://{address}{path}", json.dumps(body).encode(), {"Content-Type": "application/json", "X-API-Key": key})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)
