"""Screens of mfn in terminals of three sizes, compared with those that are kept as text."""

import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

from terminal import Server, Terminal

SCREENS = pathlib.Path(__file__).parent / "screens"
WRITES = bool(os.environ.get("WRITE_SCREENS"))
SIZES = [(80, 24), (200, 60), (20, 10)]
LABYRINTH = "mfn simulate --turing-threshold 0.05 --grid 128 --steps 30"
BLOCKS = re.compile("▀▀▀▀▀▀▀▀")


class ScreenTestCase(unittest.TestCase):
    maxDiff = None

    def check(self, name, screen):
        path = SCREENS / f"{name}.txt"
        if WRITES:
            path.write_text(screen)
        self.assertEqual(path.read_text(), screen, f"{name}: if this is what should be seen, run with --write-screens")


class Simulate(ScreenTestCase):
    def test_simulate_leaves_the_field(self):
        for width, height in SIZES:
            for look, environment in [("color", {}), ("shades", {"NO_COLOR": "1"})]:
                with self.subTest(width=width, look=look), Terminal(width, height, **environment) as terminal:
                    terminal.type(f"{LABYRINTH}; echo $?\n")
                    screen = terminal.wait(lambda screen: screen.rstrip().endswith("0\n$"))
                    self.assertEqual("1", terminal.format("cursor_flag"), "the cursor is still hidden")
                    self.check(f"simulate-{look}-{width}x{height}", screen)

    def test_simulate_colors_are_those_of_the_field(self):
        with Terminal(80, 24) as terminal:
            terminal.type(f"{LABYRINTH}; echo done\n")
            terminal.wait(lambda screen: "\ndone\n" in screen)
            self.check("simulate-escapes-80x24", terminal.colored_screen())

    def test_simulate_first_picture_within_three_seconds(self):
        with Terminal(80, 24) as terminal:
            terminal.type(f"{LABYRINTH} --steps 10000 --every 1\n".replace(" --steps 30", ""))
            start = time.monotonic()
            terminal.wait(lambda screen: BLOCKS.search(screen))
            took = time.monotonic() - start
            terminal.press("C-c")
            terminal.wait(lambda screen: screen.rstrip().endswith("$"))
            self.assertEqual("1", terminal.format("cursor_flag"), "the cursor is still hidden")
            print(f"first picture after {took:.1f} s")
            self.assertLess(took, 3)

    def test_simulate_on_a_dumb_terminal_needs_no_escape(self):
        with Terminal(80, 24) as terminal:
            terminal.type("TERM=dumb mfn simulate --grid 16 --steps 2; echo done\n")
            self.check("simulate-dumb-80x24", terminal.wait(lambda screen: "\ndone\n" in screen))


class LiveView(ScreenTestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.server = Server(self._folder.name)
        self.addCleanup(self.server.kill)

    def create(self, *arguments):
        return self.server.mfn("run", "create", "--turing-threshold", "0.05", "--forever", "--paused", *arguments).splitlines()[-1]

    @staticmethod
    def settled(terminal):
        time.sleep(2)
        return terminal.screen()

    def at_step(self, run, steps):
        self.server.mfn("run", "steer", run, "step", str(steps))
        return run

    def watch(self, terminal, run, *arguments):
        terminal.type(f"mfn run watch {run} --server {self.server.url} {' '.join(arguments)}\n")

    def test_view_help_and_zoom(self):
        run = self.at_step(self.create("--grid", "128"), 30)
        for width, height in SIZES:
            for look, environment in [("color", {}), ("shades", {"NO_COLOR": "1"})]:
                with self.subTest(width=width, look=look), Terminal(width, height, **environment) as terminal:
                    self.watch(terminal, run)
                    self.check(f"view-{look}-{width}x{height}", terminal.wait(lambda screen: "step 30  paused" in screen))
                    self.assertEqual("0", terminal.format("cursor_flag"), "the cursor is not hidden")
                    self.assertEqual("1", terminal.format("alternate_on"))
                    terminal.press("?")
                    self.check(f"keys-{look}-{width}x{height}", terminal.wait(lambda screen: "space" in screen))
                    terminal.press("h")
                    terminal.press("z")
                    terminal.press("Right")
                    if width >= 80:
                        terminal.wait(lambda screen: "cell 64,64" in screen)
                    terminal.press("q")
                    terminal.wait(lambda screen: screen.rstrip().endswith("$"))
                    self.assertEqual("1", terminal.format("cursor_flag"), "the cursor is still hidden")
                    self.assertEqual("0", terminal.format("alternate_on"))

    def test_zoom_asks_for_finer_cells(self):
        run = self.at_step(self.create("--grid", "512"), 30)
        with Terminal(80, 24, NO_COLOR="1") as terminal:
            self.watch(terminal, run)
            self.check("large-shades-80x24", terminal.wait(lambda screen: "step 30  paused" in screen))
            terminal.press("z", "z", "z")

            # 64 x 64 cells at 44 x 44 pixels, of which the view of all had less than 6 x 6.
            terminal.wait(lambda screen: "rows 224 to 287, columns 224 to 287" in screen)
            path = SCREENS / "zoom-shades-80x24.txt"
            if WRITES:
                path.write_text(self.settled(terminal))
            terminal.wait(lambda screen: screen == path.read_text())

    def test_keys_steer_the_run(self):
        run = self.create("--grid", "32", "--pace", "50")
        with Terminal(120, 24) as terminal:
            self.watch(terminal, run)
            terminal.wait(lambda screen: "step 0  paused" in screen)
            terminal.press("s")
            terminal.wait(lambda screen: "step 1  paused" in screen)
            terminal.press("Right")
            terminal.press("i")
            terminal.wait(lambda screen: "revision 1" in screen and "added 20 mV to 3 x 3 cells" in screen)
            terminal.press("Space")
            terminal.wait(lambda screen: "50 steps/s" in screen)
            terminal.press("+")
            terminal.wait(lambda screen: "100 steps/s" in screen)
            terminal.press("-")
            terminal.press("-")
            terminal.wait(lambda screen: "20 steps/s" in screen)
            terminal.press("Space")
            terminal.wait(lambda screen: re.search(r"step \d+  paused", screen))
            terminal.press("r")
            terminal.wait(lambda screen: "range is fixed" in screen)

            # No echo, and afterwards the terminal as it was.
            terminal.press("x")
            terminal.press("q")
            terminal.wait(lambda screen: screen.rstrip().endswith("$"))
            terminal.type("stty -a | grep -o -w -e '-*icanon' -e '-*echo'\n")
            terminal.wait(lambda screen: screen.rstrip().endswith("\nicanon\necho\n$") or screen.rstrip().endswith("\necho\nicanon\n$"))

    def test_server_away_and_back(self):
        for width, height in SIZES:
            with self.subTest(width=width), Terminal(width, height) as terminal:
                run = self.at_step(self.create("--grid", "32"), 5)
                self.watch(terminal, run, "--patience", "600")
                terminal.wait(lambda screen: "step 5  paused" in screen)
                self.server.kill()
                screen = terminal.wait(lambda screen: "server away, " in screen)
                self.check(f"away-{width}x{height}", re.sub(r"server away.*", "server away", screen))
                self.server.start()
                terminal.wait(lambda screen: "step 5  paused" in screen)
                self.at_step(run, 2)
                terminal.wait(lambda screen: "step 7  paused" in screen)
                terminal.press("q")
                terminal.wait(lambda screen: screen.rstrip().endswith("$"))

    def test_resized_window_is_filled_anew(self):
        run = self.at_step(self.create("--grid", "128"), 30)
        with Terminal(20, 10) as terminal:
            self.watch(terminal, run)
            terminal.wait(lambda screen: "step 30  paused" in screen)
            terminal.resize(80, 24)
            self.check("view-color-80x24", terminal.wait(lambda screen: screen.count("\n") == 24 and "growth events" in screen))

    def test_signals_restore_the_terminal(self):
        run = self.at_step(self.create("--grid", "32"), 3)
        for signal in ["TERM", "INT", "HUP"]:
            with self.subTest(signal=signal), Terminal(80, 24) as terminal:
                self.watch(terminal, run)
                terminal.wait(lambda screen: "step 3  paused" in screen)
                subprocess.run(["kill", f"-{signal}", self.process_of(run)], check=True)
                terminal.wait(lambda screen: screen.rstrip().endswith("$"))
                self.assertEqual(("1", "0"), (terminal.format("cursor_flag"), terminal.format("alternate_on")))

    def test_suspended_view_gives_the_terminal_back(self):
        run = self.at_step(self.create("--grid", "32"), 3)
        with Terminal(80, 24) as terminal:
            self.watch(terminal, run)
            terminal.wait(lambda screen: "step 3  paused" in screen)
            terminal.press("C-z")
            terminal.wait(lambda screen: "Stopped" in screen)
            self.assertEqual(("1", "0"), (terminal.format("cursor_flag"), terminal.format("alternate_on")))
            terminal.type("fg\n")
            terminal.wait(lambda screen: "step 3  paused" in screen and "fg" not in screen)
            terminal.press("q")
            terminal.wait(lambda screen: screen.rstrip().endswith("$"))

    @staticmethod
    def process_of(run):
        return subprocess.run(["pgrep", "-f", f"mfn.dll run watch {run}"], check=True, capture_output=True, text=True).stdout.split()[0]


class Top(ScreenTestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.server = Server(self._folder.name)
        self.addCleanup(self.server.kill)

    def top(self, terminal, *arguments):
        terminal.type(f"mfn top --server {self.server.url} --metrics {self.server.metrics} {' '.join(arguments)}\n")

    def quit(self, terminal):
        terminal.press("q")
        terminal.wait(lambda screen: screen.rstrip().endswith("$"))
        self.assertEqual(("1", "0"), (terminal.format("cursor_flag"), terminal.format("alternate_on")))

    def test_windows_of_all_sizes_keys_and_resizing(self):
        self.server.mfn("run", "create", "--grid", "16", "--forever", "--pace", "20", "--name", "lab")
        self.server.mfn("run", "create", "--grid", "8", "--paused", "--name", "idle")
        for environment in ({}, {"NO_COLOR": "1"}):
            with self.subTest(environment=environment), Terminal(20, 10, **environment) as terminal:
                self.top(terminal, "--interval", "0.5")
                terminal.wait(lambda screen: screen.startswith("mfn        ready") and "by rate" in screen)
                self.assertEqual(("0", "1"), (terminal.format("cursor_flag"), terminal.format("alternate_on")))
                terminal.resize(120, 30)
                screen = terminal.wait(lambda screen: re.search(r"lab +running +\d+ +(1\d|2\d) ", screen))
                self.assertRegex(screen, r"runs +1 running  1 paused")
                self.assertLess(screen.index("lab "), screen.index("idle "))
                self.assertEqual("NO_COLOR" not in environment, "\x1b[1m" in terminal.colored_screen())
                terminal.press("r")
                terminal.wait(lambda screen: "by rate, least first" in screen and screen.index("idle ") < screen.index("lab "))
                terminal.press("s")
                terminal.wait(lambda screen: "by watchers" in screen)
                terminal.press("m")
                terminal.wait(lambda screen: re.search(r"ListRuns +[\d.]+ +0 +", screen) and "METHOD" in screen)
                terminal.press("-")
                terminal.wait(lambda screen: "every 1 s" in screen)
                terminal.press("?")
                terminal.wait(lambda screen: "sorts by the next column" in screen)
                self.quit(terminal)

    def test_server_away_and_back(self):
        with Terminal(100, 24) as terminal:
            self.top(terminal, "--interval", "0.5")
            terminal.wait(lambda screen: "ready" in screen and "? keys" in screen)
            self.server.kill()
            terminal.wait(lambda screen: "server away, trying again in" in screen and "ready" in screen)
            self.server.start()
            terminal.wait(lambda screen: "server away" not in screen and "? keys" in screen)
            self.quit(terminal)

    def test_signals_restore_the_terminal(self):
        with Terminal(80, 24) as terminal:
            self.top(terminal)
            terminal.wait(lambda screen: "? keys" in screen)
            terminal.press("C-z")
            terminal.wait(lambda screen: "Stopped" in screen)
            terminal.type("fg\n")
            terminal.wait(lambda screen: "? keys" in screen)
            terminal.press("C-c")
            terminal.wait(lambda screen: screen.rstrip().endswith("$"))
            self.assertEqual(("1", "0"), (terminal.format("cursor_flag"), terminal.format("alternate_on")))

    def test_a_dumb_terminal_gets_lines(self):
        with Terminal(160, 24) as terminal:
            terminal.type(f"TERM=dumb mfn top --count 2 --interval 0.2 --server {self.server.url} --metrics {self.server.metrics}; echo $?\n")
            screen = terminal.wait(lambda screen: screen.rstrip().endswith("0\n$"))
            self.assertEqual(2, screen.count("  ready  calls "))


if __name__ == "__main__":
    unittest.main()
