"""A newcomer at work: a shell that goes from block to block, and servers in other terminals."""
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import tempfile
import threading
import time

INSTALLING = 600
PATIENCE = 60


class Failed(AssertionError):
    pass


class Session:
    """One shell for all blocks of a page, so that what one sets the next one has."""

    def __init__(self, folder, environment):
        self.folder = pathlib.Path(folder)
        self.environment = environment
        self.scratch = tempfile.TemporaryDirectory(prefix="mfn-session-")
        self.servers = []
        self.count = 0
        # A group of its own, to be ended with all that is in it; no session, whose leader would be hung up on with the terminal that it opens.
        self.shell = subprocess.Popen(
            ["bash", "--norc", "--noprofile"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=self.folder, env=environment, preexec_fn=os.setpgrp)

    def close(self):
        """Ends what the page started; a server has to end well."""
        ended_badly = []
        for server, log in self.servers:
            server.send_signal(signal.SIGTERM)
            try:
                status = server.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
                status = server.wait()
            if status != 0:
                ended_badly.append(f"a server ended with {status}:\n{log.read_text()}")
        # The shell leads a group, in which its background jobs are too.
        os.killpg(self.shell.pid, signal.SIGKILL)
        self.shell.wait()
        self.shell.stdin.close()
        self.scratch.cleanup()
        if ended_badly:
            raise Failed("\n".join(ended_badly))

    def run(self, text, keys=""):
        """Runs a block, line by line as it stands, and returns what it prints. The first command that fails is a failure."""
        lines = []
        for line in text.splitlines(keepends=True):
            # What serves until it is told to stop has a terminal of its own.
            if re.match(r"mfn serve\b", line) and not re.search(r"&\s*(#.*)?$", line):
                self._run("".join(lines))
                lines = []
                self._serve(line.strip())
            else:
                lines.append(line)
        return self._run("".join(lines), keys)

    def _run(self, text, keys=""):
        if not text.strip():
            return ""
        self.count += 1
        block, output, errors, status = (pathlib.Path(self.scratch.name) / f"{self.count}.{kind}" for kind in ("sh", "out", "err", "status"))
        block.write_text(text)
        os.mkfifo(status)
        terminal = Terminal(keys) if keys else None
        ends = f"<{terminal.path} >{terminal.path} 2>&1" if terminal else f"</dev/null >{output} 2>{errors}"
        self.shell.stdin.write(f"trap 'echo $? >{status}' EXIT; set -e; . {block} {ends}; set +e; trap - EXIT; echo 0 >{status}\n".encode())
        self.shell.stdin.flush()
        result = self._await(status, INSTALLING if "dotnet " in text else PATIENCE)
        if terminal:
            output.write_text(terminal.close())
            errors.write_text("")
        if result != "0":
            printed = "".join(file.read_text(errors="replace") for file in (output, errors) if file.exists())
            raise Failed(f"ended with {result}:\n{text}{printed}")
        return output.read_text()

    def _await(self, status, patience):
        descriptor = os.open(status, os.O_RDONLY | os.O_NONBLOCK)
        try:
            if not select.select([descriptor], [], [], patience)[0]:
                return f"no end within {patience} s"
            return os.read(descriptor, 64).decode().strip()
        finally:
            os.close(descriptor)

    def _serve(self, command):
        log = pathlib.Path(self.scratch.name) / f"server-{len(self.servers)}"
        with log.open("wb") as errors:
            server = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], stdout=subprocess.PIPE, stderr=errors, cwd=self.folder, env=self.environment, start_new_session=True)
        self.servers.append((server, log))
        listens = select.select([server.stdout], [], [], PATIENCE)[0] and b"Listening on" in server.stdout.readline()
        server.stdout.close()
        if not listens:
            raise Failed(f"{command} does not listen:\n{log.read_text()}")


class Terminal:
    """A terminal of 80 x 24, at which keys are pressed once something has been drawn on it."""

    def __init__(self, keys):
        self.keys = keys
        self.ours, self.theirs = pty.openpty()
        os.set_inheritable(self.theirs, True)
        self.path = os.ttyname(self.theirs)
        subprocess.run(["stty", "-F", self.path, "rows", "24", "columns", "80"], check=True)
        self.drawn = []
        self.is_closed = False
        self.thread = threading.Thread(target=self._press)
        self.thread.start()

    def _press(self):
        pressed = 0.0
        while not self.is_closed:
            if select.select([self.ours], [], [], 0.1)[0]:
                self.drawn.append(os.read(self.ours, 65536))
            # A key that comes before the command reads keys may be lost.
            if self.drawn and time.monotonic() - pressed > 1:
                os.write(self.ours, self.keys.encode())
                pressed = time.monotonic()

    def close(self):
        self.is_closed = True
        self.thread.join()
        os.close(self.ours)
        os.close(self.theirs)
        return b"".join(self.drawn).decode(errors="replace")


def matches(expected, actual):
    """Whether an output is as shown: … stands for some text in a line, and for any lines if it stands alone."""
    pattern = ""
    for line in expected.rstrip("\n").split("\n"):
        line = line.rstrip()
        pattern += r"(?:[^\n]*\n)*?" if line == "…" else "[^\\n]+?".join(re.escape(part) for part in line.split("…")) + "[ \\t]*\n"
    return re.fullmatch(pattern, actual if actual.endswith("\n") else actual + "\n") is not None
