"""Requests that no honest client makes, beside broken constraints: each must be answered at once, with
an exception of the model, and the next valid request must succeed.

Usage: hostile.py ENDPOINT
Prints one JSON object: how many requests were sent, the slowest in seconds, and what was found wrong.
"""

import json
import sys
import time

from service_model import INVALID, Service
from valid_requests import World

# None needs more than a few milliseconds; the rest is for a busy machine.
PATIENCE_SECS = 2.0

DEPTH = 100_000

BAD_BODIES = {
    "half an object": b'{"a": ',
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"1",
    "no JSON": b"hello",
    "a trailing comma": b'{"a": 1,}',
    "NaN": b'{"a": NaN}',
    "two objects": b"{} {}",
    "no UTF-8": b'{"a": "\xff"}',
    "a bare NUL": b"\x00",
    "objects without end": b'{"a":' * DEPTH,
    "lists without end": b"[" * DEPTH,
}

BOMBS = {
    "lists": b"[" * DEPTH + b"]" * DEPTH,
    "objects": b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
}

FILTERS = {
    "opening brackets": "(" * DEPTH,
    "closed brackets": "(" * DEPTH + "fault" + ")" * DEPTH,
    "negations": "!" * DEPTH + "fault",
    "nested services": 'service("a") { ' * 10_000 + "fault" + " }" * 10_000,
    "conjunctions": " AND ".join(["fault"] * 50_000),
    "one long text": 'annotation.a = "' + "x" * 1_000_000 + '"',
    "JSON without end": "service(id(" + "{" * DEPTH,
    "an open text": 'user = "',
    "no filter": "hello world",
    "NUL": "\x00",
    "deep brackets, short enough": "(" * 4_000 + ")" * 4_000,
    "deep negations, short enough": "!" * 8_000 + "fault",
}

FOREIGN_GROUP = "arn:aws:xray:eu-west-1:999999999999:group/shop/ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
FOREIGN_RULE = "arn:aws:xray:eu-west-1:999999999999:sampling-rule/checkout"
OTHER_SERVICE = "arn:aws:s3:::bucket"
NO_ARN = "hello"


class Run:
    def __init__(self, service):
        self.service, self.findings = service, service.findings
        self.sent, self.slowest, self.valid = 0, 0.0, {}
        self.world = World()

    def call(self, operation, body):
        start = time.monotonic()
        answer = self.service.call(operation, body)
        took = time.monotonic() - start
        self.sent += 1
        self.slowest = max(self.slowest, took)
        if took > PATIENCE_SECS:
            self.findings.append(f"{operation}: {str(body)[:60]} took {took:.1f} s")
        return answer

    def refused(self, what, operation, body, naming="", code=INVALID):
        answer = self.call(operation, body)
        if answer.code != code or naming not in (answer.message or ""):
            self.findings.append(f"{operation}, {what}: expected {code} `{naming}`: {answer}"[:500])
        elif len(answer.message) > 2_000:
            self.findings.append(f"{operation}, {what}: {len(answer.message)} characters of message")

    def establish(self):
        for operation, request in self.world.requests():
            if not operation.startswith("Delete"):
                answer = self.service.call(operation, request)
                if answer.status == 200:
                    self.world.learn(operation, answer.body)
                    self.valid[operation] = request

    def everywhere(self):
        """Bad bodies, unknown members and bombs for every operation."""
        model = self.service.model
        for operation in sorted(model.operation_names):
            for what, body in BAD_BODIES.items():
                self.refused(what, operation, body)
            shape = model.operation_model(operation).input_shape
            for name in shape.members if shape is not None else ():
                for what, bomb in BOMBS.items():
                    body = b'{"' + name.encode() + b'":' + bomb + b"}"
                    answer = self.call(operation, body)
                    if answer.status != 400:
                        self.findings.append(f"{operation}, {name} of {what}: {answer}"[:500])

    def unknown_members(self):
        """Ignored, on every level; repeatable requests only."""
        for operation, request in self.valid.items():
            if operation.startswith(("Get", "List", "Batch", "Put", "Update", "Tag")):
                if "PolicyRevisionId" in request:
                    continue
                text = json.dumps({**with_unknown(request), "Bomb": 0}).encode()
                bomb = text.replace(b'"Bomb": 0', b'"Bomb":' + BOMBS["lists"])
                answer = self.call(operation, bomb)
                if answer.status != 200:
                    self.findings.append(f"{operation} with unknown members: {answer}"[:500])

    def tokens(self):
        for operation in sorted(self.service.model.operation_names):
            shape = self.service.model.operation_model(operation).input_shape
            if shape is None or "NextToken" not in shape.members or operation not in self.valid:
                continue
            request = self.valid[operation]
            for token in ("hello", "AAAA" * 20, "\U0001f600"):
                self.refused("a token", operation, {**request, "NextToken": token}, "NextToken")
        foreign = self.foreign_token()
        for operation in ("GetTraceGraph", "GetServiceGraph", "BatchGetTraces"):
            request = {**self.valid[operation], "NextToken": foreign}
            self.refused("another operation's token", operation, request, "NextToken")
        changed = {**self.world.window, "FilterExpression": "fault", "NextToken": foreign}
        self.refused("a token for other parameters", "GetTraceSummaries", changed, "NextToken")
        whole = {**self.world.window, "NextToken": foreign}
        if self.call("GetTraceSummaries", whole).status != 200:
            self.findings.append("GetTraceSummaries: its own token is refused")
        at = len(foreign) // 2
        spoilt = foreign[:at] + ("A" if foreign[at] != "A" else "B") + foreign[at + 1 :]
        self.refused("a spoilt token", "GetTraceSummaries", {**whole, "NextToken": spoilt}, "NextToken")

    def foreign_token(self):
        """A token of `GetTraceSummaries`, which needs more traces than a page has."""
        now = self.world.now
        texts = [
            json.dumps({
                "name": "many",
                "id": f"{number:016x}",
                "trace_id": f"1-{int(now):08x}-{number:024x}",
                "start_time": now - 3,
                "end_time": now - 2,
            })
            for number in range(1, 1_000)
        ]
        self.service.ok("PutTraceSegments", {"TraceSegmentDocuments": texts})
        deadline = time.monotonic() + 30
        while True:
            second = {**texts_of(now, 1_001), "trace_id": f"1-{int(now):08x}-{1_001:024x}"}
            self.service.ok("PutTraceSegments", {"TraceSegmentDocuments": [json.dumps(second)]})
            token = self.service.ok("GetTraceSummaries", self.world.window).get("NextToken")
            if token:
                return token
            assert time.monotonic() < deadline, "no second page in time"
            time.sleep(0.05)

    def arns(self):
        foreign = [("a foreign ARN", FOREIGN_GROUP), ("no ARN", NO_ARN), ("S3", OTHER_SERVICE)]
        window = self.world.window
        for what, arn in foreign:
            for operation, request in (
                ("GetGroup", {}),
                ("UpdateGroup", {"FilterExpression": "fault"}),
                ("DeleteGroup", {}),
                ("GetServiceGraph", window),
                ("GetTimeSeriesServiceStatistics", window),
                ("GetInsightSummaries", window),
            ):
                self.refused(what, operation, {**request, "GroupARN": arn}, "")
            for operation in ("TagResource", "UntagResource", "ListTagsForResource"):
                request = {**self.valid[operation], "ResourceARN": arn}
                self.refused(what, operation, request, "", "ResourceNotFoundException")
        for what, arn in [("a foreign ARN", FOREIGN_RULE), *foreign[1:]]:
            self.refused(what, "DeleteSamplingRule", {"RuleARN": arn})
            update = {"SamplingRuleUpdate": {"RuleARN": arn, "FixedRate": 0.5}}
            self.refused(what, "UpdateSamplingRule", update)

    def filters(self):
        window = self.world.window
        for what, text in FILTERS.items():
            request = {**window, "FilterExpression": text}
            # The service's own wording, with the position at fault.
            self.refused(what, "GetTraceSummaries", request, "ilter expression")
            request = {"GroupName": "hostile", "FilterExpression": text}
            self.refused(what, "CreateGroup", request, "ilter")
            request = {**window, "EntitySelectorExpression": text[:500]}
            self.refused(what, "GetTimeSeriesServiceStatistics", request, "elector")


def texts_of(now, number):
    return {
        "name": "many",
        "id": f"{number:016x}",
        "trace_id": f"1-{int(now):08x}-{number:024x}",
        "start_time": now - 3,
        "end_time": now - 2,
    }


def with_unknown(value):
    if isinstance(value, dict):
        known = {name: with_unknown(member) for name, member in value.items()}
        # Maps and unions have no members that one could not know.
        is_open = not {"tier", "Probabilistic"} & set(known)
        return {**known, "Unknown": {"a": [1, None]}, "unknown": None} if is_open else known
    return [with_unknown(item) for item in value] if isinstance(value, list) else value


def main():
    run = Run(Service(sys.argv[1]))
    run.establish()
    run.everywhere()
    run.unknown_members()
    run.tokens()
    run.arns()
    run.filters()
    run.service.ok("GetSamplingRules", {})
    print(json.dumps({
        "sent": run.sent,
        "slowest": round(run.slowest, 3),
        "findings": run.findings,
    }))


main()
