#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds files of JSON lines against docs/eve-schema.json.

usage: check-events.py SCHEMA FILE…

Beyond the schema, the lines of a file must agree with each other: a flow is told once, a door is
opened before anything else happens to it, stats come once and last. The first errors are named as
FILE:LINE: PLACE: WHAT. Exit status: 0 all lines hold, 1 some do not, 2 usage.
"""

import json
import sys

import jsonschema

ERRORS_SHOWN = 10


def no_duplicates(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice in one object")
    return members


class Lines:
    """What earlier lines of a file have told."""

    def __init__(self):
        self.flows = set()
        self.doors = set()
        self.children = {}
        self.has_stats = False

    def complaints(self, event):
        if self.has_stats:
            yield "$", "a line behind the stats"
        yield from getattr(self, event["event_type"])(event)

    def flow(self, event):
        flow_id, postern = event["flow_id"], event["postern"]
        if flow_id in self.flows:
            yield "$.flow_id", f"flow {flow_id} is told a second time"
        self.flows.add(flow_id)
        if postern["expectation_id"] != self.children.get(flow_id):
            yield "$.postern.expectation_id", "no door was matched by this flow, or another one"
        helper = postern["helper"]
        app_proto = event.get("app_proto", "")
        if helper and app_proto != helper:
            yield "$.app_proto", f"not {helper}, the helper that watched it"
        if not helper and postern["expectation_id"] and not app_proto.endswith("-data"):
            yield "$.app_proto", "does not tell through whose door it came"
        if event["flow"]["start"] > event["flow"]["end"]:
            yield "$.flow.end", "before its start"
        if (postern["parent_flow_id"] or 0) >= flow_id:
            yield "$.postern.parent_flow_id", "younger than its child"

    def expectation(self, event):
        postern, door = event["postern"], event["expectation"]
        expectation_id = postern["expectation_id"]
        if postern["action"] == "opened":
            self.doors.add(expectation_id)
        elif expectation_id is not None and expectation_id not in self.doors:
            yield "$.postern.expectation_id", f"door {expectation_id} was never opened"
        if postern["action"] == "matched":
            self.children[postern["child_flow_id"]] = expectation_id
        if postern["action"] != "refused" and door["dest_ip"] is None:
            yield "$.expectation.dest_ip", "a door to nowhere"

    def stats(self, _event):
        self.has_stats = True
        return ()

    def drop(self, _event):
        return ()

    def log(self, _event):
        return ()

    def lost(self, _event):
        return ()


def check_line(validator, lines, line):
    """Yields (place, complaint) for all that is wrong with a line."""
    try:
        event = json.loads(line, object_pairs_hook=no_duplicates)
    except ValueError as error:
        yield "$", f"not JSON: {error}"
        return
    error = jsonschema.exceptions.best_match(validator.iter_errors(event))
    if error:
        yield error.json_path, error.message
    else:
        yield from lines.complaints(event)


def check_file(validator, path):
    """Yields (line number, place, complaint) for all that is wrong with a file."""
    lines = Lines()
    number = 0
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as error:
                yield number, "$", f"not UTF-8: {error}"
                continue
            if not text.endswith("\n"):
                yield number, "$", "the line does not end"
            for place, complaint in check_line(validator, lines, text):
                yield number, place, complaint
    if not lines.has_stats:
        yield number, "$", "no stats at the end"


def main(arguments):
    if len(arguments) < 3:
        print("usage: check-events.py SCHEMA FILE…", file=sys.stderr)
        return 2
    with open(arguments[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    errors = 0
    for path in arguments[2:]:
        for number, place, complaint in check_file(validator, path):
            errors += 1
            if errors <= ERRORS_SHOWN:
                print(f"{path}:{number}: {place}: {complaint[:300]}")
    if errors > ERRORS_SHOWN:
        print(f"… and {errors - ERRORS_SHOWN} more")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
