"""The rules and the dashboards as they are, without a server: what promtool says, what each alert tells, and what each panel has."""

import re
import subprocess
import unittest
from pathlib import Path

import yaml

from rules import ALERTS, DASHBOARDS, RULE_FILES, panels, variables
from stack import ROOT, Documented

CASES = sorted((Path(__file__).parent / "rules").glob("*.yaml"))
PAGE = (ROOT / "docs" / "operations.md").read_text()


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)


class RuleTests(unittest.TestCase):
    def test_promtool_finds_nothing(self):
        done = promtool("check", "rules", "--lint=all", "--lint-fatal", *RULE_FILES)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_each_alert_fires_and_does_not(self):
        self.assertEqual([path.name for path in RULE_FILES], [path.name for path in CASES])
        done = promtool("test", "rules", *CASES)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_each_alert_has_a_case_of_both_with_the_same_series(self):
        fires, rests = {}, {}
        for path in CASES:
            for case in yaml.safe_load(path.read_text())["tests"]:
                for asked in case["promql_expr_test"]:
                    alert = re.fullmatch(r'ALERTS\{alertname="(\w+)", alertstate="firing"\}', asked["expr"])[1]
                    names = sorted(series["series"].split("{")[0] for series in case["input_series"])
                    (fires if asked["exp_samples"] else rests)[alert] = names
        self.assertEqual(sorted(ALERTS), sorted(fires))
        self.assertEqual(fires, rests)

    def test_each_alert_tells_what_it_is_and_has_its_section(self):
        sections = {heading.lower() for heading in re.findall(r"^#+ (Mfn\w+)$", PAGE, re.MULTILINE)}
        used = set()
        for name, alert in ALERTS.items():
            with self.subTest(name):
                self.assertRegex(name, "^Mfn[A-Z]")
                self.assertIn(alert["labels"]["severity"], ("critical", "warning"))
                notes = alert["annotations"]
                self.assertEqual({"summary", "description", "runbook_url"}, set(notes))
                self.assertRegex(notes["summary"], r"^\S.*[^.\s]$")
                self.assertRegex(notes["description"], r"^\S.*\.$")
                page, anchor = notes["runbook_url"].split("#")
                self.assertTrue((ROOT / page).samefile(ROOT / "docs" / "operations.md"))
                self.assertIn(anchor, sections)
                used.add(anchor)
        self.assertEqual(sections, used, "a section of no alert")

    def test_what_alerts_name_are_labels_that_they_have(self):
        """Of their firing cases: of a label that is not there a text would have nothing."""
        for path in CASES:
            for case in yaml.safe_load(path.read_text())["tests"]:
                for sample in (sample for asked in case["promql_expr_test"] for sample in asked["exp_samples"]):
                    labels = dict(re.findall(r'(\w+)="([^"]*)"', sample["labels"]))
                    notes = ALERTS[labels["alertname"]]["annotations"]
                    named = set(re.findall(r"\$labels\.(\w+)", notes["summary"] + notes["description"]))
                    self.assertLessEqual(named, set(labels), labels["alertname"])

    def test_objectives_are_those_of_the_page(self):
        """A table of docs/operations.md has them; the rules have what may be missed, and the bounds."""
        rules = (ROOT / "charts" / "mfn" / "rules" / "objectives.yaml").read_text()
        objectives = re.findall(r"^\| (?P<what>[^|]+) \| (?P<share>[\d.]+) % \|(?P<bound>[^|]*)\| `(?P<metric>\w+)", PAGE, re.MULTILINE)
        self.assertEqual({"rpc_errors", "rpc_slow", "frames_late"}, {metric for *_, metric in objectives})
        for _, share, bound, metric in objectives:
            with self.subTest(metric, bound=bound):
                missed = round(100 - float(share), 3) / 100
                budgets = set(re.findall(rf"mfn:{metric}:ratio_rate\w+ > [\d.]+ \* ([\d.]+)", rules))
                self.assertEqual({f"{missed:g}"}, budgets)
                if bound.strip():
                    number, unit = bound.split()
                    seconds = float(number) / (1000 if unit == "ms" else 1)
                    self.assertRegex(rules, rf'le=~?"{seconds:g}[|"]')


class DashboardTests(unittest.TestCase):
    def test_dashboards_are_those_that_are_promised(self):
        self.assertEqual(["compute", "federation", "overview", "streams", "trust"], sorted(DASHBOARDS))

    def test_each_has_a_stable_id_and_its_data_source_as_a_variable(self):
        for name, dashboard in DASHBOARDS.items():
            with self.subTest(name):
                self.assertEqual((f"mfn-{name}", None), (dashboard["uid"], dashboard["id"]))
                self.assertEqual(["datasource", "job", "instance"], list(variables(dashboard)))
                self.assertEqual("datasource", variables(dashboard)["datasource"]["type"])
                self.assertFalse({"__inputs", "__requires", "__elements"} & set(dashboard))

    def test_each_panel_says_what_it_shows(self):
        for name, dashboard in DASHBOARDS.items():
            self.assertEqual(len(dashboard["panels"]), len({panel["id"] for panel in dashboard["panels"]}), name)
            self.assertEqual(len(panels(dashboard)), len({panel["title"] for panel in panels(dashboard)}), f"two of one title in {name}")
            for panel in panels(dashboard):
                with self.subTest(name, panel=panel["title"]):
                    self.assertRegex(panel["title"], r"^[A-Z].*[^.]$")
                    self.assertRegex(panel["description"], r"\.$")
                    unit = panel["options"]["yAxis"]["unit"] if panel["type"] == "heatmap" else panel["fieldConfig"]["defaults"]["unit"]
                    self.assertIn(unit, ("short", "s", "bytes", "Bps", "reqps", "percentunit"))
                    self.assertTrue(panel["targets"])
                    for target in panel["targets"]:
                        self.assertEqual({"type": "prometheus", "uid": "${datasource}"}, target["datasource"])
                        self.assertIn('job=~"$job"', target["expr"])
                        self.assertTrue(target["legendFormat"] or panel["type"] == "table")

    def test_each_metric_is_on_some_dashboard(self):
        shown = {name for dashboard in DASHBOARDS.values() for panel in panels(dashboard) for target in panel["targets"] for name in re.findall(r"\bmfn_\w+", target["expr"])}
        bare = {re.sub(r"_bucket$", "", name) for name in shown}
        self.assertEqual(set(), set(Documented().kinds) - bare)

    def test_panels_do_not_overlap(self):
        for name, dashboard in DASHBOARDS.items():
            taken = set()
            for panel in dashboard["panels"]:
                place = panel["gridPos"]
                cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
                self.assertFalse(taken & cells, f"{panel['title']} of {name}")
                self.assertLessEqual(place["x"] + place["w"], 24)
                taken |= cells
