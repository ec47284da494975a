"""Breaks every constraint of the service model's inputs once, the rest of the request being valid.

Usage: constraints.py ENDPOINT
Prints one JSON object: how many constraints were broken, and what was found wrong. A broken
constraint must be answered with HTTP 400, an exception of the model, and a message that names the
member.
"""

import copy
import json
import re
import sys

from service_model import INVALID, Service
from valid_requests import TAGS, World

# What the server takes although the model says no: (operation, member, constraint) -> the reason.
# Each entry is checked: one that the server refuses after all is a finding.
DEVIATIONS = {
    ("GetSamplingTargets", "SamplingStatisticsDocuments[].SampledCount", "required"):
        "an AWS sampler misspells it, and its report must not be lost",
}

# Members that no valid request has: (operation, member) -> a value to break, and the reason.
IN_NO_VALID_REQUEST = {
    ("CreateSamplingRule", "SamplingRule.RuleARN"): ("arn", "the server makes it from the name"),
    ("CreateSamplingRule", "Tags"): (TAGS, "tags are not built"),
    ("CreateGroup", "Tags"): (TAGS, "tags are not built"),
}
A_TOKEN = "token"

# Answered with an error for want of state; the request is valid all the same.
WITHOUT_STATE = {
    "GetInsight": "InsightId",
    "GetInsightEvents": "InsightId",
    "GetInsightImpactGraph": "InsightId",
}

WRONG_TYPES = {
    "string": (5, True, [], {}),
    "boolean": ("yes", 1, [], {}),
    "integer": ("x", True, [], {}, 1.5, 2**31),
    "long": ("x", True, [], {}, 1.5),
    "double": ("x", True, [], {}),
    "timestamp": ("yesterday", True, [], {}),
    "list": ("x", 5, {}, True),
    "map": ("x", 5, [], True),
    "structure": ("x", 5, [], True),
}


def members(shape, path=()):
    """(path, shape, is it required) of every member below `shape`; 0 stands for a list's items."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            is_required = name in shape.required_members
            yield path + (name,), member, is_required
            yield from members(member, path + (name,))
    elif shape.type_name == "list":
        yield path + (0,), shape.member, False
        yield from members(shape.member, path + (0,))


def find(value, path):
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and len(value) > step else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
        if value is None:
            return None
    return value


def replaced(request, path, value):
    request = copy.deepcopy(request)
    parent = find(request, path[:-1])
    if value is ABSENT:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return request


ABSENT = object()


def broken_values(shape, value, is_required):
    """(constraint, a value that breaks it)."""
    kind, limits = shape.type_name, shape.metadata
    if is_required:
        yield "required", ABSENT
        yield "required", None
    for wrong in WRONG_TYPES[kind]:
        yield "type", wrong
    low, high = limits.get("min"), limits.get("max")
    if kind == "string":
        if low and not shape.enum:
            yield "min", value[:1] * (low - 1)
        if high:
            yield "max", (value * (high + 1))[: high + 1] if value else "x" * (high + 1)
        if shape.enum:
            yield "enum", "Other"
            yield "enum", value.lower() if value.lower() != value else value.upper()
        if limits.get("pattern"):
            yield "pattern", "a b!"
    elif kind == "list":
        yield "null item", [None]
        if low:
            yield "min", []
        if high is not None:
            yield "max", distinct(value, high + 1)
    elif kind == "map":
        key = next(iter(value))
        yield "null item", {key: None}
        yield "map value type", {key: 5}
        if high:
            yield "max", {f"{key}{n}": value[key] for n in range(high + 1)}
        for part, other in (("key", shape.key), ("value", shape.value)):
            for bound, length in (("min", -1), ("max", 1)):
                if bound in other.metadata:
                    text = "x" * (other.metadata[bound] + length)
                    yield f"map {part} {bound}", (
                        {text: value[key]} if part == "key" else {key: text}
                    )
    elif kind in ("integer", "long", "double"):
        if low is not None:
            yield "min", low - 1
        if high is not None:
            yield "max", high + 1
    if shape.type_name == "structure" and shape.is_tagged_union:
        yield "union", {}


def distinct(items, count):
    """`count` items like the first, differing where a repetition would be another mistake."""
    def numbered(n):
        item = copy.deepcopy(items[0])
        if isinstance(item, dict):
            for name in ("Key", "ClientID"):
                if name in item:
                    item[name] = item[name][:-3] + f"{n:03}"
        elif isinstance(item, str) and not item.startswith("{") and item.upper() != item:
            item = item[:-3] + f"{n:03}"
        return item

    return [numbered(n) for n in range(count)]


def dotted(path):
    text = ""
    for step in path:
        text += "[]" if step == 0 else f".{step}"
    return text.lstrip(".")


class Run:
    def __init__(self, service):
        self.service, self.world = service, World()
        self.valid, self.findings, self.broken, self.deviated = {}, [], 0, set()

    def establish(self):
        """Sends the valid requests up to the deletions, which must succeed."""
        names = []
        for operation, request in self.requests():
            names.append(operation)
            self.valid.setdefault(operation, []).append(copy.deepcopy(request))
            if operation in ("DeleteGroup", "DeleteSamplingRule"):
                continue
            answer = self.service.call(operation, request)
            if answer.status == 200:
                self.world.learn(operation, answer.body)
            elif not (operation in WITHOUT_STATE and WITHOUT_STATE[operation] in answer.message):
                self.findings.append(f"{operation}: the valid request is refused: {answer}")

    def requests(self):
        """Lazily, since later requests hold what earlier answers said."""
        return self.world.requests()

    def break_all(self):
        for operation in self.service.model.operation_names:
            shape = self.service.model.operation_model(operation).input_shape
            if shape is None:
                continue
            for path, member, is_required in members(shape):
                requests = self.valid.get(operation, [])
                request = next((r for r in requests if find(r, path) is not None), None)
                if request is None:
                    request = self.extended(operation, path)
                if request is None:
                    self.findings.append(f"{operation}: no valid request has {dotted(path)}")
                    continue
                value = find(request, path)
                for constraint, broken in broken_values(member, value, is_required):
                    self.break_one(operation, path, constraint, replaced(request, path, broken))

    def extended(self, operation, path):
        """A request with a member that cannot be there: broken, it must be named before that."""
        top, requests = path[0], self.valid.get(operation)
        if top == "NextToken":
            return {**requests[0], top: A_TOKEN}
        for (name, member), (value, _) in IN_NO_VALID_REQUEST.items():
            known = tuple(member.split("."))
            if name == operation and path[: len(known)] == known:
                request = copy.deepcopy(requests[0])
                find(request, known[:-1])[known[-1]] = value
                return request
        return None

    def break_one(self, operation, path, constraint, request):
        self.broken += 1
        answer = self.service.call(operation, request)
        member = dotted(path)
        reason = DEVIATIONS.get((operation, member, constraint))
        what = f"{operation} {member} {constraint} {json.dumps(find_shown(request, path))[:80]}"
        if reason:
            self.deviated.add((operation, member, constraint))
            if answer.status != 200:
                self.findings.append(f"{what}: no deviation any more ({reason}): {answer}")
            return
        modelled = [s.name for s in self.service.model.operation_model(operation).error_shapes]
        name = [step for step in path if step != 0][-1]
        if answer.status != 400 or answer.code not in modelled + [INVALID]:
            self.findings.append(f"{what}: {answer}")
        elif not re.search(rf"\b{name}\b", answer.message):
            self.findings.append(f"{what}: the message does not name it: {answer.message}")


def find_shown(request, path):
    parent = find(request, path[:-1])
    return parent.get(path[-1], "(absent)") if isinstance(parent, dict) else parent


def main():
    service = Service(sys.argv[1])
    run = Run(service)
    run.establish()
    run.break_all()
    for deviation in DEVIATIONS.keys() - run.deviated:
        run.findings.append(f"{deviation}: the model has no such constraint")
    print(json.dumps({"broken": run.broken, "findings": run.findings + service.findings}))


main()
