"""Reads an env file with python-dotenv; its variables as JSON."""

import io
import json
import sys

import dotenv

text = sys.stdin.buffer.read().decode()
# A file is opened with line breaks of all kinds read as one.
stream = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))
json.dump(dotenv.dotenv_values(stream=stream, interpolate=False), sys.stdout)
