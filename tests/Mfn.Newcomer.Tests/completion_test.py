"""Types at real shells: bash, zsh and fish complete what a user of mfn would type. MFN names the executable."""
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import termios
import time
import unittest

PATIENCE = 30
MFN = os.environ["MFN"]


class Shell:
    """An interactive shell on a terminal of its own, in an empty folder, with mfn first in its path."""

    COMMANDS = {
        "bash": ["bash", "--norc", "--noprofile", "-i"],
        "zsh": ["zsh", "-f", "-i"],
        "fish": ["fish", "--no-config", "--interactive"],
    }
    SETUPS = {
        "bash": "bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; bind 'set completion-query-items 0'; bind 'set page-completions off'; PS1=",
        "zsh": "unsetopt zle_bracketed_paste prompt_cr prompt_sp; autoload -Uz compinit && compinit -u -D; zstyle ':completion:*' list-prompt ''; LISTMAX=1000; PROMPT=",
        "fish": "function fish_prompt; end; function fish_greeting; end; set -g fish_autosuggestion_enabled 0",
    }

    def __init__(self, name):
        self.name = name
        self.folder = tempfile.mkdtemp(prefix="mfn-completion-")
        os.mkdir(f"{self.folder}/home")
        os.mkdir(f"{self.folder}/bin")
        os.symlink(os.path.realpath(MFN), f"{self.folder}/bin/mfn")
        self.environment = {
            "HOME": f"{self.folder}/home",
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "TERM": "dumb" if name == "bash" else "xterm",
            "LC_ALL": "C.UTF-8",
            **{key: value for key, value in os.environ.items() if key.startswith("DOTNET_")},
        }
        self.process = None

    def __enter__(self):
        self.terminal, other = pty.openpty()
        self.process = subprocess.Popen(
            self.COMMANDS[self.name], stdin=other, stdout=other, stderr=other, cwd=self.folder, env=self.environment,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(other)
        self.marks = 0
        self.run("stty -echo 2>/dev/null" if self.name == "bash" else "true")
        self.run(self.SETUPS[self.name])
        self.run("mfn completion fish | source" if self.name == "fish" else f"source <(mfn completion {self.name})")
        return self

    def __exit__(self, *_):
        # The shell leads a session of its own.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.terminal)
        shutil.rmtree(self.folder)

    def write(self, text):
        os.write(self.terminal, text.encode())

    def read_until(self, pattern):
        """What the terminal shows until it shows the pattern."""
        shown, deadline = "", time.monotonic() + PATIENCE
        while not (match := re.search(pattern, shown)):
            if not select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"{self.name} does not show {pattern!r} but {shown!r}")
            shown += os.read(self.terminal, 65536).decode(errors="replace")
        return match

    def run(self, command):
        """Runs a command, and waits for its end."""
        self.marks += 1
        self.write(f"{command}\r")
        # The quotes keep the echo of the command from being taken for its output.
        self.write(f"echo mark''-{self.marks}-\r")
        self.read_until(f"mark-{self.marks}-")

    def complete(self, typed):
        """The line after Tab has been pressed at the end of it."""
        self.marks += 1
        # The line becomes the argument of echo. Ctrl-A is queued behind Tab, and read when completion is done.
        self.write(f"{typed}\t")
        self.write("END\x01echo 'LINE''-%d:' \r" % self.marks)
        line = self.read_until(rf"LINE-{self.marks}:([^\r\n]*?)END").group(1)
        return line.removeprefix(" ")

    def candidates(self, words):
        """What the shell offers for the last of the words."""
        if self.name == "bash":
            line = " ".join(words)
            script = (
                "source <(mfn completion bash); compopt() { :; }; "
                f"COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}; "
                f"COMP_LINE={line!r}; COMP_POINT={len(line)}; _mfn mfn; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        elif self.name == "fish":
            script = f"mfn completion fish | source; complete -C {' '.join(words)!r} | string replace -r '\\t.*' ''"
        else:
            raise NotImplementedError(self.name)
        answer = subprocess.run([self.name, "-c", script], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=PATIENCE)
        assert answer.returncode == 0 and not answer.stderr, answer
        return answer.stdout.split("\n")[:-1]


class Completion:
    """What each shell has to do."""

    shell = ""

    @classmethod
    def setUpClass(cls):
        cls.terminal = Shell(cls.shell)
        cls.addClassCleanup(lambda: cls.terminal.__exit__())
        cls.terminal.__enter__()
        for name in ("field.npy", "two words.npy"):
            open(f"{cls.terminal.folder}/{name}", "w").close()
        os.mkdir(f"{cls.terminal.folder}/frames")

    def check(self, typed, expected):
        self.assertEqual(self.terminal.complete(typed), expected)

    def test_command(self):
        self.check("mfn simul", "mfn simulate ")

    def test_command_below_a_command(self):
        self.check("mfn run wat", "mfn run watch ")

    def test_option(self):
        self.check("mfn simulate --grid 8 --turing-t", "mfn simulate --grid 8 --turing-threshold ")

    def test_value(self):
        self.check("mfn simulate --preset med", "mfn simulate --preset medium ")

    def test_value_after_equals(self):
        self.check("mfn simulate --preset=med", "mfn simulate --preset=medium ")

    def test_option_after_url(self):
        self.check("mfn simulate --server http://127.0.0.1:1 --turing-t", "mfn simulate --server http://127.0.0.1:1 --turing-threshold ")

    def test_file(self):
        self.check("mfn simulate --out fie", "mfn simulate --out field.npy ")

    def test_file_after_equals(self):
        self.check("mfn simulate --out=fie", "mfn simulate --out=field.npy ")

    def test_folder_though_a_file_begins_alike(self):
        self.check("mfn run watch X --out f", "mfn run watch X --out frames/")

    def test_run_of_the_server_that_the_line_names(self):
        server = subprocess.Popen([MFN, "serve", "--urls", "http://127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            url = server.stdout.readline().removeprefix("Listening on ").strip()
            subprocess.run([MFN, "run", "create", "--server", url, "--name", "colony", "--paused"], stdout=subprocess.DEVNULL, check=True, timeout=PATIENCE)
            self.check(f"mfn run get --server {url} col", f"mfn run get --server {url} colony ")
        finally:
            server.terminate()
            server.wait(PATIENCE)
            server.stdout.close()

    def test_run_of_a_server_that_is_away(self):
        self.check("mfn run get --server http://127.0.0.1:1 col", "mfn run get --server http://127.0.0.1:1 col")

    def test_context(self):
        subprocess.run([MFN, "context", "add", "lab", "--server", "http://127.0.0.1:1"], env=self.terminal.environment, stdout=subprocess.DEVNULL, check=True, timeout=PATIENCE)
        self.check("mfn context use la", "mfn context use lab ")
        self.check("mfn run list --context la", "mfn run list --context lab ")

    def test_topic(self):
        self.check("mfn help status-c", "mfn help status-codes ")

    def test_nothing_known(self):
        self.check("mfn simulate --grid 1", "mfn simulate --grid 1")


class BashTest(Completion, unittest.TestCase):
    shell = "bash"

    def test_candidates(self):
        self.assertEqual(self.terminal.candidates(["mfn", "completion", ""]), ["bash", "zsh", "fish"])


class ZshTest(Completion, unittest.TestCase):
    shell = "zsh"


class FishTest(Completion, unittest.TestCase):
    shell = "fish"

    def test_candidates(self):
        self.assertEqual(self.terminal.candidates(["mfn", "completion", ""]), ["bash", "zsh", "fish"])


if __name__ == "__main__":
    unittest.main()
