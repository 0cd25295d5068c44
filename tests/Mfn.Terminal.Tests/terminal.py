"""A terminal of a given size with mfn in it."""

import os
import shlex
import socket
import subprocess
import time
import uuid

DLL = os.environ["TESTED_DLL"]
PATIENCE_SECONDS = 60


class Terminal:
    """A tmux session that nobody sees. The command runs in a shell, so that what it leaves behind is seen too."""

    def __init__(self, width, height, **environment):
        self._socket = f"mfn-{uuid.uuid4().hex}"
        variables = {"PS1": "$ ", "LANG": "C.UTF-8", "COLORTERM": "truecolor", **environment}
        settings = [f"{name}={value}" for name, value in variables.items()]
        unset = ["-u", "NO_COLOR"] if "NO_COLOR" not in environment else []
        shell = shlex.join(["env", *unset, *settings, "bash", "--norc", "--noprofile"])
        self._tmux("-u", "-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), shell)
        self._tmux("set-option", "-g", "status", "off")
        self._tmux("set-window-option", "-g", "window-size", "manual")
        self._tmux("resize-window", "-x", str(width), "-y", str(height))
        self.type(f"mfn() {{ dotnet {shlex.quote(DLL)} \"$@\"; }}; clear\n")
        self.wait(lambda screen: screen.strip() == "$")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._tmux("kill-server")

    def type(self, text):
        """Types text; a newline is Enter."""
        for part in text.splitlines(keepends=True):
            if part.rstrip("\n"):
                self._tmux("send-keys", "-l", "--", part.rstrip("\n"))
            if part.endswith("\n"):
                self._tmux("send-keys", "Enter")

    def press(self, *keys):
        """Presses keys by tmux's names."""
        self._tmux("send-keys", *keys)

    def resize(self, width, height):
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def screen(self):
        """What is on the screen, without blanks at the ends of lines, and without empty lines at the end."""
        lines = self._tmux("capture-pane", "-p").split("\n")
        return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"

    def colored_screen(self):
        return self._tmux("capture-pane", "-p", "-e")

    def format(self, name):
        """A fact about the terminal by tmux's name."""
        return self._tmux("display-message", "-p", f"#{{{name}}}").strip()

    def wait(self, is_there):
        """Waits until the screen is as it should be, and returns it."""
        end = time.monotonic() + PATIENCE_SECONDS
        screen = None
        while time.monotonic() < end:
            screen = self.screen()
            if is_there(screen):
                return screen
            time.sleep(0.05)
        raise AssertionError(f"the screen did not become as expected:\n{screen}")

    def _tmux(self, *arguments):
        return subprocess.run(
            ["tmux", "-L", self._socket, *arguments], check=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS
        ).stdout


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Server:
    """mfn serve on a loopback port; it can be ended and started again at the same one, with its runs."""

    def __init__(self, folder):
        self._folder = folder
        self._process = None
        self.url = "http://127.0.0.1:0"
        self.metrics = f"http://127.0.0.1:{free_port()}"
        self.start()

    def start(self):
        self._process = subprocess.Popen(
            ["dotnet", DLL, "serve", "--urls", self.url, "--set", f"Runs:DataDirectory={self._folder}", "--set", f"Metrics:Url={self.metrics}"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self._process.stdout.readline()
        assert line.startswith("Listening on "), line
        self.url = line.removeprefix("Listening on ").strip()

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def mfn(self, *arguments):
        """What a command prints."""
        return mfn(*arguments, "--server", self.url)


def mfn(*arguments, environment=None):
    """What a command prints."""
    done = subprocess.run(
        ["dotnet", DLL, *arguments], capture_output=True, text=True, timeout=PATIENCE_SECONDS, env={**os.environ, **(environment or {})})
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout.strip()
