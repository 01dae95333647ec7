"""Prints the expressions of a Grafana dashboard as recording rules, so that promtool can check them."""

import json
import sys

dashboard = json.load(open(sys.argv[1], encoding="utf-8"))
rules = [
    {"record": f"panel:{panel['id']}:{target['refId'].lower()}", "expr": target["expr"].replace("$__rate_interval", "5m")}
    for panel in dashboard["panels"]
    for target in panel["targets"]
]
# JSON is YAML, too.
json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, sys.stdout)
