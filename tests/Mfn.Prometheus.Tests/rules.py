"""The dashboards and the rules of charts/mfn, and the questions that they ask Prometheus."""

import json
import re

import yaml

from stack import ROOT

CHART = ROOT / "charts" / "mfn"
DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in sorted((CHART / "dashboards").glob("*.json"))}
RULE_FILES = sorted((CHART / "rules").glob("*.yaml"))
RULES = [rule for path in RULE_FILES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}

_OPERATOR = re.compile(r"\b(?:and|or|unless)\b(?:\s+(?:on|ignoring)\s*\([^)]*\))?|[<>!=]=|[<>]")
_QUOTED = re.compile(r'"[^"]*"')


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def variables(dashboard):
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def asked(expression, window):
    """What Grafana asks for all jobs and servers."""
    return expression.replace("$__rate_interval", window).replace("$job", ".*").replace("$instance", ".*")


def operands(expression):
    """
    The parts of a condition that have values whether or not it holds: what is compared, and what is on both sides of and, or and unless. Of absent(x), which
    is there only without x, it is x.
    """
    expression = expression.strip()
    parts = _split(expression)
    if len(parts) > 1:
        return [operand for part in parts for operand in operands(part)]
    if expression.startswith("(") and _closing(expression, 0) == len(expression) - 1:
        return operands(expression[1:-1])
    if expression.startswith("absent("):
        return operands(expression[len("absent(") : -1])
    return [expression] if re.search(r"[a-z]{2}", _QUOTED.sub("", expression)) else []


def _split(expression):
    """At operators that are in no parentheses, braces, brackets or quotes."""
    hidden, depth = list(_QUOTED.sub(lambda text: " " * len(text[0]), expression)), 0
    for i, character in enumerate(hidden):
        depth -= character in ")}]"
        if depth > 0:
            hidden[i] = " "
        depth += character in "({["
    parts, start = [], 0
    for operator in _OPERATOR.finditer("".join(hidden)):
        parts.append(expression[start : operator.start()])
        start = operator.end()
    # The parentheses of on(...) and ignoring(...) are part of the operator.
    return [re.sub(r"^\s*(?:on|ignoring)\s*\([^)]*\)", "", part) for part in [*parts, expression[start:]]]


def _closing(expression, opening):
    depth = 0
    for i in range(opening, len(expression)):
        depth += (expression[i] == "(") - (expression[i] == ")")
        if depth == 0:
            return i
    return -1
