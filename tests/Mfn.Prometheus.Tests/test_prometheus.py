"""What a Prometheus knows of a server after load of all kinds, against docs/metrics.md and against what the clients have seen."""

import collections
import os
import re
import subprocess
import time
import unittest

from load import Load
from rules import ALERTS, DASHBOARDS, RULE_FILES, RULES, asked, operands, panels, variables
from stack import Documented, Exposition, Prometheus, Server

SECONDS = int(os.environ["PROMETHEUS_SECONDS"])
CALLS = int(os.environ["PROMETHEUS_CALLS"])
SEED = os.environ["PROMETHEUS_SEED"]
CODES = {
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}


class PrometheusTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.documented = Documented()
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.prometheus = Prometheus(cls.server, RULE_FILES)
        cls.addClassCleanup(cls.prometheus.stop)
        load = Load(cls.server, SECONDS, CALLS, SEED)
        cls.begun = time.time()
        load.run()
        cls.took = time.time() - cls.begun
        cls.ledger = load.ledger
        # The call's end is counted after its client has heard of it.
        cls.exposition = cls._settled()
        # One more scrape, so that Prometheus knows what the server knows.
        time.sleep(2 * Prometheus.INTERVAL)
        print(f"seed {SEED}: {sum(cls.ledger.calls.values())} calls, {sum(cls.ledger.frames.values())} frames, {len(cls.exposition.samples)} series")

    @classmethod
    def _settled(cls):
        for _ in range(100):
            found = Exposition(cls.server.scrape())
            if found.sum("mfn_rpc_open") == 0:
                return found
            time.sleep(0.1)
        raise AssertionError("calls that have ended are still open")

    def window(self):
        """All the time since the load began."""
        return f"{int(time.time() - self.begun) + 1}s"

    def test_every_scrape_succeeds(self):
        window = f"[{self.window()}]"
        target = self.prometheus.ask("targets")["activeTargets"][0]
        self.assertEqual([1.0], [value for _, value in self.prometheus.query(f"min_over_time(up{window})")], target["lastError"])
        self.assertGreater(self.prometheus.query(f"count_over_time(up{window})")[0][1], 0.8 * self.took / Prometheus.INTERVAL)
        self.assertEqual(("up", ""), (target["health"], target["lastError"]))
        told = [line for line in self.prometheus.log().splitlines() if re.search(r"level=(warn|error)", line)]
        self.assertEqual([], told)

    def test_promtool_finds_nothing(self):
        done = subprocess.run(["promtool", "check", "metrics"], input=self.server.scrape(), capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))

    def test_every_documented_metric_is_there_with_its_type(self):
        families = {self.exposition.family(sample) for sample in self.exposition.samples}
        own = {name: kind for name, kind in self.exposition.kinds.items() if name.startswith("mfn_")}
        self.assertEqual(self.documented.kinds, own)
        # Prometheus asks for OpenMetrics, where a counter's name is without its suffix.
        known = {name: [each["type"] for each in told] for name, told in self.prometheus.ask("metadata").items()}
        for name, kind in self.documented.kinds.items():
            with self.subTest(name):
                self.assertIn(name, families, "there is no series of it")
                self.assertEqual([kind], known.get(name.removesuffix("_total") if kind == "counter" else name))
                series = f"{name}_bucket" if kind == "histogram" else name
                self.assertTrue(self.prometheus.query(series), "Prometheus has no series of it")

    def test_no_series_beyond_what_is_documented(self):
        free = {"code": CODES}
        free["service"] = {service for service, _, _ in self.ledger.calls} | {"unknown"}
        for sample in self.exposition.samples:
            name = self.exposition.family(sample)
            if not name.startswith("mfn_"):
                continue
            labels = {label: value for label, value in sample.labels.items() if label != "le"}
            self.assertEqual(self.documented.labels(name), set(labels), name)
            for label, value in labels.items():
                listed = self.documented.values(name, label)
                self.assertIn(value, listed if listed is not None else {value}, f"{label} of {name}")
                self.assertRegex(value, r"^[\w.:+ ()/{}-]{1,60}$", f"{label} of {name}")
        self.assertLessEqual(len(self.exposition.samples), self.documented.most_series)
        made_up = self.exposition.sum("mfn_rpc_started_total", service="unknown")
        self.assertEqual(made_up, sum(count for (service, _, _), count in self.ledger.calls.items() if service == "unknown"))
        self.assertGreater(made_up, CALLS / 10)
        most = self.prometheus.query(f"max_over_time(scrape_samples_scraped[{self.window()}])")[0][1]
        self.assertLessEqual(most, self.documented.most_series)

    def test_calls_are_counted(self):
        handled = collections.Counter()
        for sample in self.exposition.samples:
            if sample.name == "mfn_rpc_handled_total" and sample.value > 0:
                handled[sample.labels["service"], sample.labels["method"], sample.labels["code"]] += int(sample.value)
        self.assertEqual(dict(self.ledger.calls), dict(handled))
        self.assertEqual(sum(handled.values()), self.exposition.sum("mfn_rpc_started_total"))

    def test_requests_by_rest_are_counted(self):
        self.assertTrue(self.ledger.requests)
        for (verb, endpoint, status), count in self.ledger.requests.items():
            self.assertEqual(count, self.exposition.sum("mfn_http_requests_total", method=verb, endpoint=endpoint, status=str(status)), endpoint)
        self.assertEqual(sum(self.ledger.requests.values()), self.exposition.sum("mfn_http_request_duration_seconds_count"))

    def test_frames_drops_and_gaps_are_counted(self):
        for delivery in ("lossless", "latest", "drop_oldest", "degrade", "owner"):
            with self.subTest(delivery):
                self.assertGreater(self.ledger.frames[delivery], 0)
                self.assertEqual(self.ledger.frames[delivery], self.exposition.sum("mfn_frames_sent_total", delivery=delivery))
                self.assertEqual(self.ledger.bytes[delivery], self.exposition.sum("mfn_frames_sent_size_bytes_total", delivery=delivery))
                self.assertEqual(self.ledger.dropped[delivery], self.exposition.sum("mfn_frames_dropped_total", delivery=delivery))
        for reason in ("slow_watcher", "history_trimmed"):
            with self.subTest(reason):
                self.assertGreater(self.ledger.gaps[reason], 0)
                self.assertEqual(self.ledger.gaps[reason], self.exposition.sum("mfn_watch_gaps_total", reason=reason))
        self.assertGreater(self.ledger.dropped["drop_oldest"], 0)
        self.assertGreater(self.ledger.degradations, 0)
        self.assertEqual(self.ledger.degradations, self.exposition.sum("mfn_watch_degradations_total"))
        self.assertEqual(self.ledger.resumptions, self.exposition.sum("mfn_watch_resumptions_total"))
        self.assertEqual(self.ledger.watches, self.exposition.sum("mfn_watch_first_frame_seconds_count"))

    def test_refusals_are_counted(self):
        for reason in ("RUN_NOT_FOUND", "TOO_FEW_UPDATES"):
            with self.subTest(reason):
                self.assertGreater(self.ledger.refusals[reason], 0)
                self.assertEqual(self.ledger.refusals[reason], self.exposition.sum("mfn_rpc_refusals_total", reason=reason))
        self.assertGreater(self.ledger.quotas["live_runs"], 0)
        self.assertEqual(self.ledger.quotas["live_runs"], self.exposition.sum("mfn_quota_refusals_total", quota="live_runs"))
        for outcome, reason in (("missing", "CREDENTIAL_MISSING"), ("invalid", "CREDENTIAL_INVALID"), ("denied", "PERMISSION_DENIED")):
            with self.subTest(outcome):
                self.assertGreater(self.ledger.refusals[reason], 0)
                self.assertEqual(self.ledger.refusals[reason], self.exposition.sum("mfn_auth_outcomes_total", outcome=outcome))

    def test_rounds_are_counted(self):
        for outcome in ("answered", "too_few_updates"):
            with self.subTest(outcome):
                self.assertGreater(self.ledger.rounds[outcome], 0)
                self.assertEqual(self.ledger.rounds[outcome], self.exposition.sum("mfn_aggregation_rounds_total", outcome=outcome))
        self.assertGreater(self.ledger.refused_updates["not_finite"], 0)
        self.assertEqual(self.ledger.refused_updates["not_finite"], self.exposition.sum("mfn_aggregation_refused_updates_total", reason="not_finite"))

    def test_the_certificate_has_an_end(self):
        left = self.exposition.sum("mfn_input_expiry_timestamp_seconds", input="Tls:CertificateFile") - time.time()
        self.assertTrue(24 * 3600 < left < 48 * 3600, left)

    def test_examples_are_traces_of_callers(self):
        series = self.prometheus.ask("query_exemplars", query="mfn_rpc_duration_seconds_bucket", start=self.begun, end=time.time())
        found = {example["labels"]["trace_id"] for each in series for example in each["exemplars"]}
        self.assertTrue(found)
        self.assertEqual(set(), found - self.ledger.traces)

    def test_each_panel_has_something_to_show(self):
        for name, dashboard in DASHBOARDS.items():
            for panel in panels(dashboard):
                for target in panel["targets"]:
                    with self.subTest(name, panel=panel["title"], expression=target["expr"]):
                        self.assertTrue(self.prometheus.query(asked(target["expr"], self.window())), "nothing is shown")
            for variable in variables(dashboard).values():
                if variable["type"] == "query":
                    with self.subTest(name, variable=variable["name"]):
                        series, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
                        found = self.prometheus.query(asked(series, ""))
                        self.assertTrue(found)
                        self.assertTrue(all(label in labels for labels, _ in found))

    def test_each_rule_is_evaluated(self):
        groups = self.prometheus.ask("rules")["groups"]
        told = [(rule["name"], rule["health"], rule.get("lastError", "")) for group in groups for rule in group["rules"]]
        self.assertEqual(sorted((rule.get("record") or rule["alert"], "ok", "") for rule in RULES), sorted(told))

    def test_each_rule_has_something_to_look_at(self):
        """An alert is empty while all is well. So each side of its comparisons, and of and, or and unless, is looked at on its own."""
        for rule in RULES:
            parts = operands(rule["expr"]) if "alert" in rule else [rule["expr"]]
            self.assertTrue(parts, rule)
            for part in parts:
                with self.subTest(rule.get("record") or rule["alert"], part=part):
                    self.assertTrue(self.prometheus.query(part), "there is nothing")

    def test_alerts_of_a_server_that_is_well_do_not_fire(self):
        firing = {alert["labels"]["alertname"] for alert in self.prometheus.ask("alerts")["alerts"] if alert["state"] == "firing"}
        self.assertLessEqual(firing, set(ALERTS))
        self.assertFalse(firing & {"MfnServerDown", "MfnErrorBudgetBurnFast", "MfnStorageFails", "MfnAuditEventsLost", "MfnInputExpired"})
