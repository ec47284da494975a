"""The Powertools tracer in an emulated Lambda environment: two invocations of one handler, whose
subsegments go to the daemon port one by one, without their segment, as the Lambda runtime has it; the
service's and the function's own segments are sent as Lambda sends them.

Usage: powertools.py ENDPOINT DAEMON
Prints one JSON object: what was found wrong.
"""

import json
import os
import sys
import time
import urllib.request

ENDPOINT, DAEMON = sys.argv[1:3]

NAME = "resize"
NOW = int(time.time()) - 2
findings = []


def trace_id(number):
    return f"1-{NOW:08x}-{number:024x}"


def function_id(number):
    return f"f{number:015x}"


def header(number):
    return f"Root={trace_id(number)};Parent={function_id(number)};Sampled=1"


# As the runtime sets them before the handler's module is loaded.
os.environ.update({
    "LAMBDA_TASK_ROOT": "/var/task",
    "AWS_LAMBDA_FUNCTION_NAME": NAME,
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
    "AWS_XRAY_DAEMON_ADDRESS": DAEMON,
    "POWERTOOLS_SERVICE_NAME": "images",
    "_X_AMZN_TRACE_ID": header(1),
})

from aws_lambda_powertools import Tracer  # noqa: E402

tracer = Tracer()


@tracer.capture_method
def shrink(order):
    tracer.put_annotation(key="Order", value=order)
    if order == "o-2":
        raise ValueError("no such image")
    return {"width": 64}


@tracer.capture_lambda_handler
def handler(event, context):
    return shrink(event["order"])


def call(path, body):
    request = urllib.request.Request(
        f"{ENDPOINT}/{path}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def lambda_segments(number, fault):
    """Of the service and of the function, which have one name."""
    service = {
        "name": NAME,
        "id": f"a{number:015x}",
        "trace_id": trace_id(number),
        "start_time": NOW,
        "end_time": NOW + 10,
        "origin": "AWS::Lambda",
        "resource_arn": f"arn:aws:lambda:us-east-1:000000000000:function:{NAME}",
    }
    function = {
        "name": NAME,
        "id": function_id(number),
        "trace_id": trace_id(number),
        "parent_id": service["id"],
        "start_time": NOW + 1,
        "end_time": NOW + 9,
        "origin": "AWS::Lambda::Function",
        "fault": fault,
    }
    return [json.dumps(service), json.dumps(function)]


def invoke():
    for number in (1, 2):
        os.environ["_X_AMZN_TRACE_ID"] = header(number)
        try:
            handler({"order": f"o-{number}"}, None)
        except ValueError:
            pass
        documents = {"TraceSegmentDocuments": lambda_segments(number, number == 2)}
        answer = call("TraceSegments", documents)
        if answer["UnprocessedTraceSegments"]:
            findings.append(str(answer))


def function_of(number):
    """The function's compiled segment, once its handler's subsegments are in it."""
    deadline = time.monotonic() + 30
    while True:
        traces = call("Traces", {"TraceIds": [trace_id(number)]})["Traces"]
        segments = traces[0]["Segments"] if traces else []
        documents = [json.loads(segment["Document"]) for segment in segments]
        functions = [d for d in documents if d.get("origin") == "AWS::Lambda::Function"]
        if functions and functions[0].get("subsegments"):
            return documents, functions[0]
        assert time.monotonic() < deadline, f"the handler's subsegments: {documents}"
        time.sleep(0.05)


def expect(what, found, expected):
    if found != expected:
        findings.append(f"{what}: expected {expected!r}, found {found!r}")


def check(number):
    documents, function = function_of(number)
    expect("documents", len(documents), 2)
    (outer,) = function["subsegments"]
    expect("the handler's name", outer["name"], "## handler")
    annotations = {"ColdStart": number == 1, "Service": "images"}
    expect("the handler's annotations", outer.get("annotations"), annotations)
    (inner,) = outer["subsegments"]
    expect("the method's annotations", inner.get("annotations"), {"Order": f"o-{number}"})
    expect("the method's fault", inner.get("fault", False), number == 2)
    if number == 2:
        exceptions = inner["cause"]["exceptions"]
        expect("the exception", exceptions[0]["message"], "no such image")


def find_cold_starts():
    window = {"StartTime": NOW - 60, "EndTime": NOW + 60}
    cold = {**window, "FilterExpression": "annotation.ColdStart"}
    deadline = time.monotonic() + 30
    while True:
        summaries = call("TraceSummaries", cold)["TraceSummaries"]
        if summaries:
            break
        assert time.monotonic() < deadline, "no cold start in time"
        time.sleep(0.05)
    expect("cold starts", [summary["Id"] for summary in summaries], [trace_id(1)])
    services = call("ServiceGraph", window)["Services"]
    types = sorted(str(s["Type"]) for s in services if s["Name"] == NAME)
    expect("nodes of one name", types, ["AWS::Lambda", "AWS::Lambda::Function", "client"])


invoke()
check(1)
check(2)
find_cold_starts()
print(json.dumps({"findings": findings}))
