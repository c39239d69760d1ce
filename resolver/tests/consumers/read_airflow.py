"""Reads a connection as Airflow does; its parts as JSON, on the last line."""

import json
import sys

from airflow.sdk import Connection

read = Connection.from_json(sys.stdin.read(), conn_id="test")
parts = {name: getattr(read, name) for name in ("conn_type", "host", "port", "login", "password", "schema")}
print(json.dumps({**parts, "extra": read.extra_dejson}))
