"""The newcomer's hour: every command of the README and the documentation, word for word, in a clean folder, with the outputs that they show.

ROOT is a clean copy of the repository, NEWCOMER_HOME an empty home. With MFN, an executable, the README's install lines are left out.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import unittest

import yaml

import pages
from session import Failed, Session, matches

ROOT = pathlib.Path(os.environ["ROOT"])
HOME = pathlib.Path(os.environ["NEWCOMER_HOME"])
MFN = os.environ.get("MFN")
TOOLS = HOME / ".dotnet/tools"
README = ROOT / "README.md"
DEFAULT_PORT = 50051
WIDTH = 110
NOT_RUN = object()
LANGUAGES = {"sh", "python", "json", "yaml", "text", "mermaid"}


def environment():
    """A user's: nothing of this run's, but NuGet's cache, so that nothing is fetched twice."""
    return {
        "HOME": str(HOME),
        "PATH": f"{TOOLS}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NUGET_PACKAGES": os.environ["NUGET_PACKAGES"],
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "no_proxy": "127.0.0.1",
        "no_grpc_proxy": "127.0.0.1",
        **{key: value for key, value in os.environ.items() if re.fullmatch(r"DOTNET_.*|MSBUILD.*|UseSharedCompilation|[A-Z]+_PROXY|[a-z]+_proxy", key)},
    }


def name(page):
    return str(page.relative_to(ROOT))


class DocumentationTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        deadline = time.monotonic() + 60
        while True:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", DEFAULT_PORT))
                    break
                except OSError as error:
                    if time.monotonic() > deadline:
                        raise AssertionError(f"Another program listens on {DEFAULT_PORT}, which the documentation uses.") from error
                    time.sleep(1)
        if MFN:
            TOOLS.mkdir(parents=True)
            (TOOLS / "mfn").symlink_to(pathlib.Path(MFN).resolve())
        # The other pages need what the README installs and generates.
        cls.readme_failure = None
        try:
            work_through(README, ROOT)
        except Failed as failure:
            cls.readme_failure = failure

    def test_readme(self):
        if self.readme_failure:
            raise self.readme_failure

    def test_pages(self):
        for page in pages.of(ROOT)[1:]:
            with self.subTest(name(page)), tempfile.TemporaryDirectory(prefix="mfn-newcomer-") as folder:
                work_through(page, ROOT if "<!-- in a clone -->" in page.read_text() else folder)

    def test_commands_in_sentences(self):
        """Their commands and options exist; they are not run."""
        for page in pages.of(ROOT):
            if page.name == "CHANGELOG.md":
                continue
            for line, words in pages.commands(page):
                for at in range(1, len(words)):
                    option = words[at].partition("=")[0]
                    if not re.fullmatch(r"--[a-z][a-z0-9-]*", option):
                        continue
                    with self.subTest(f"{name(page)}:{line}: {' '.join(words)}"):
                        offered = ask_completer([word for word in words[1:at] if not word.startswith("-")], option)
                        self.assertIn(option, offered)
                if re.fullmatch(r"[a-z]+", words[1]):
                    with self.subTest(f"{name(page)}:{line}: {' '.join(words)}"):
                        self.assertIn(words[1], ask_completer([], words[1]))

    def test_links(self):
        for page in pages.of(ROOT):
            for line, target, anchor in pages.links(page):
                with self.subTest(f"{name(page)}:{line}"):
                    self.assertTrue(target.exists(), f"there is no {target}")
                    if anchor:
                        self.assertIn(anchor, pages.anchors(target))

    def test_every_page_can_be_reached(self):
        reached, ahead = set(), [README]
        while ahead:
            page = ahead.pop()
            if page not in reached and page.suffix == ".md":
                reached.add(page)
                ahead += [target for _, target, _ in pages.links(page) if target.is_file()]
        self.assertEqual([name(page) for page in pages.of(ROOT) if page not in reached], [])

    def test_index_has_every_page(self):
        index = ROOT / "docs/README.md"
        listed = {target for _, target, _ in pages.links(index)}
        self.assertEqual([name(page) for page in sorted((ROOT / "docs").rglob("*.md")) if page not in listed | {index}], [])

    def test_readme_reads_in_source(self):
        long = [f"{number}: {len(line)}" for number, line in enumerate(README.read_text().split("\n"), 1) if len(line) > WIDTH]
        self.assertEqual(long, [])

    def test_first_picture(self):
        """The README's first picture is a matter of seconds; ten times the promise would be a fault."""
        command = next(line for block in pages.blocks(README) for line in block.text.split("\n") if line.startswith("mfn simulate"))
        start = time.monotonic()
        drawn = subprocess.run(["script", "-qec", command, "/dev/null"], env=environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=True)
        print(f"\nFirst picture after {time.monotonic() - start:.2f} s (3 s are promised): {command}")
        self.assertIn("▀", drawn.stdout.decode())


def work_through(page, folder):
    """Does what a page says, block by block."""
    session, output = Session(folder, environment()), None
    try:
        for block in pages.blocks(page):
            where = f"{name(page)}:{block.line}"
            if block.language not in LANGUAGES:
                raise Failed(f"{where}: the language of a block is one of {', '.join(sorted(LANGUAGES))}, not '{block.language}'")
            if block.language == "json":
                json.loads(block.text)
            if block.language == "yaml":
                yaml.safe_load(block.text)
            if block.not_run or MFN and "dotnet " in block.text:
                output = NOT_RUN
            elif block.file:
                (session.folder / block.file).write_text(block.text)
            elif block.language == "text":
                if output is not NOT_RUN and (output is None or not matches(block.text, output)):
                    raise Failed(f"{where}: shown is\n{block.text}printed was\n{output}")
            elif block.language == "sh":
                try:
                    output = session.run(block.text, block.keys)
                except Failed as failure:
                    raise Failed(f"{where}: {failure}") from failure
            elif block.language == "python":
                output = run_python(where, block.text, session.folder)
    finally:
        session.close()


def run_python(where, text, folder):
    # Debian's, which sees Debian's packages.
    answer = subprocess.run(["/usr/bin/python3", "-c", text], cwd=folder, env=environment(), capture_output=True, text=True, timeout=60)
    if answer.returncode != 0:
        raise Failed(f"{where}: {answer.stderr}")
    return answer.stdout


def ask_completer(before, word):
    answer = subprocess.run(["mfn", "[complete]", *before, word], env=environment(), capture_output=True, text=True, timeout=30, check=True)
    return [line.split("\t")[0] for line in answer.stdout.split("\n")[1:]]


if __name__ == "__main__":
    unittest.main()
