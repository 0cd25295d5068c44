"""Reads the documentation: its fenced blocks, its links, and the commands in its sentences."""
import dataclasses
import pathlib
import re

FENCE = re.compile(r"^```(\S*)\s*$")
COMMENT = re.compile(r"^<!-- (file|keys|not run): (.+?) -->$")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")


@dataclasses.dataclass
class Block:
    """A fenced block, and what the comment lines right before it say of it.

    file     written to this file instead of being run
    keys     run on a terminal, where these keys are pressed when something has been drawn
    not_run  why it is not run
    """

    language: str
    text: str
    line: int
    file: str = ""
    keys: str = ""
    not_run: str = ""


def of(root):
    """All pages for users: the README, the documentation, and what contributors read."""
    root = pathlib.Path(root)
    return [root / "README.md", *sorted((root / "docs").rglob("*.md")), root / "CHANGELOG.md", root / ".github/CONTRIBUTING.md"]


def blocks(page):
    found, comments, lines = [], {}, page.read_text().split("\n")
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if comment := COMMENT.match(line):
            comments[comment.group(1).replace(" ", "_")] = comment.group(2)
        elif fence := FENCE.match(line):
            end = lines.index("```", number)
            found.append(Block(fence.group(1), "\n".join(lines[number:end]) + "\n", number, **comments))
            number, comments = end + 1, {}
        elif line.strip():
            comments = {}
    return found


def prose(page):
    """The lines outside the fenced blocks, with their numbers."""
    fenced = False
    for number, line in enumerate(page.read_text().split("\n"), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def links(page):
    """Relative links: line, path, anchor."""
    for number, line in prose(page):
        for target in LINK.findall(CODE.sub("", line)):
            if not re.match(r"[a-z]+:", target):
                path, _, anchor = target.partition("#")
                yield number, (page.parent / path).resolve() if path else page, anchor


def anchors(page):
    """What links to a page's headings end with."""
    headings = [line.lstrip("#").strip() for _, line in prose(page) if re.match(r"#+ ", line)]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(page):
    """Commands of mfn within sentences and tables, which may go over the end of a line: line, words."""
    text = "\n".join("" if line is None else line for line in _prose_lines(page))
    for code in CODE.finditer(text):
        words = code.group(1).split()
        if words[0] == "mfn" and len(words) > 1:
            yield text.count("\n", 0, code.start()) + 1, words


def _prose_lines(page):
    kept = dict(prose(page))
    return [kept.get(number, "") for number in range(1, page.read_text().count("\n") + 2)]
