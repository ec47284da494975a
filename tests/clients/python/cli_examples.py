"""Runs the AWS CLI's commands for X-Ray as its public documentation shows them, with inputs of our own
and, when the folder of its examples is there, with theirs, and looks for what those answers hold.

Usage: cli_examples.py ENDPOINT EXAMPLES|-
Prints one JSON object: how many commands ran, the examples compared, and what was found wrong.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

ENDPOINT, EXAMPLES = sys.argv[1:3]

AWS = os.path.join(os.path.dirname(sys.executable), "aws")
commands, compared, findings = [], [], []

OUR_RULE = {
    "SamplingRule": {
        "RuleName": "base-shop",
        "ResourceARN": "*",
        "Priority": 9000,
        "FixedRate": 0.1,
        "ReservoirSize": 5,
        "ServiceName": "Shop",
        "ServiceType": "*",
        "Host": "*",
        "HTTPMethod": "*",
        "URLPath": "*",
        "Version": 1,
    }
}
OUR_UPDATE = {"SamplingRuleUpdate": {"RuleName": "Default", "FixedRate": 0.01, "ReservoirSize": 0}}


def aws(command, *arguments):
    """The JSON that `aws xray COMMAND` prints."""
    commands.append(command)
    line = [AWS, "xray", command, "--endpoint-url", ENDPOINT, "--output", "json", *arguments]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise AssertionError(f"{command} {arguments}: {done.stderr}")
    return json.loads(done.stdout) if done.stdout.strip() else {}


def example(name):
    """The example's JSON; nothing when the folder is absent."""
    if EXAMPLES == "-":
        return None
    with open(os.path.join(EXAMPLES, f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)


def missing(shown, found, path):
    """Members that the example shows and `found` has not; of lists, some item must have them."""
    if isinstance(shown, dict):
        if not isinstance(found, dict):
            return [path]
        gone = [f"{path}.{name}" for name in shown if name not in found]
        for name in shown.keys() & found.keys():
            gone += missing(shown[name], found[name], f"{path}.{name}")
        return gone
    if isinstance(shown, list) and shown and isinstance(shown[0], dict):
        items = [missing(shown[0], item, f"{path}[]") for item in found]
        return min(items, key=len, default=[f"{path}[]"])
    return []


def compare(name, found, but=()):
    shown = example(name)
    if shown is not None:
        compared.append(name)
        gone = [path for path in missing(shown, found, name) if not path.endswith(tuple(but))]
        findings.extend(f"`{path}` is in the example and not in {str(found)[:300]}" for path in gone)


def with_file(body, run):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(body, file)
        file.flush()
        return run(f"file://{file.name}")


def expect(what, is_so, found):
    if not is_so:
        findings.append(f"{what}: {str(found)[:300]}")


def groups():
    made = aws(
        "create-group",
        "--group-name", "AdminGroup",
        "--filter-expression", 'service("mydomain.com") {fault OR error}',
    )["Group"]
    compare("create-group", made)
    got = aws("get-group", "--group-name", "AdminGroup")["Group"]
    compare("get-group", {"Group": [got]})
    expect("the group is as made", got["GroupARN"] == made["GroupARN"], got)
    compare("get-groups", aws("get-groups"))
    changed = aws(
        "update-group",
        "--group-name", "AdminGroup",
        "--group-arn", made["GroupARN"],
        "--filter-expression", 'service("mydomain.com") {fault}',
    )["Group"]
    compare("update-group", changed)
    expect("the expression", changed["FilterExpression"] == 'service("mydomain.com") {fault}', changed)
    aws("delete-group", "--group-name", "AdminGroup", "--group-arn", made["GroupARN"])
    names = [group["GroupName"] for group in aws("get-groups")["Groups"]]
    expect("the group is gone", "AdminGroup" not in names, names)


def sampling():
    rule = example("create-sampling-rule") or OUR_RULE
    made = with_file(rule, lambda file: aws("create-sampling-rule", "--cli-input-json", file))
    compare("create-sampling-rule-2", made)
    record = made["SamplingRuleRecord"]["SamplingRule"]
    sent = {name: record.get(name) for name in rule["SamplingRule"]}
    expect("the rule is as sent", sent == rule["SamplingRule"], record)
    update = example("update-sampling-rule") or OUR_UPDATE
    changed = with_file(update, lambda file: aws("update-sampling-rule", "--cli-input-json", file))
    # The documentation shows a list here, and for `get-group`, where the service answers one record.
    compare("update-sampling-rule-2", {"SamplingRuleRecords": [changed["SamplingRuleRecord"]]})
    record = changed["SamplingRuleRecord"]["SamplingRule"]
    sent = {name: record.get(name) for name in update["SamplingRuleUpdate"]}
    expect("the rule is as updated", sent == update["SamplingRuleUpdate"], record)
    compare("get-sampling-rules", aws("get-sampling-rules"))
    name = rule["SamplingRule"]["RuleName"]
    report = {
        "RuleName": name,
        "ClientID": "ABCDEF1234567890ABCDEF10",
        "Timestamp": int(time.time()),
        "RequestCount": 110,
        "SampledCount": 20,
        "BorrowCount": 10,
    }
    documents = json.dumps([report])
    targets = aws("get-sampling-targets", "--sampling-statistics-documents", documents)
    compare("get-sampling-targets", targets)
    aws("get-sampling-statistic-summaries")
    compare("delete-sampling-rule", aws("delete-sampling-rule", "--rule-name", name))


def traces():
    now = int(time.time())
    trace_id = f"1-{now:08x}-3d168ff2c6c3c5b7d0ae4a4b"
    segment = {
        "id": "20312a0e2b8809f4",
        "name": "DynamoDB",
        "trace_id": trace_id,
        "start_time": now - 1,
        "end_time": now,
        "namespace": "aws",
        "parent_id": "38f3c3b7bd4bbf4e",
        "type": "subsegment",
        "aws": {"operation": "UpdateItem", "table_name": "scorekeep-user"},
    }
    root = {
        "id": "38f3c3b7bd4bbf4e",
        "name": "Scorekeep",
        "trace_id": trace_id,
        "start_time": now - 2,
        "end_time": now,
        "origin": "AWS::ElasticBeanstalk::Environment",
        "http": {
            "request": {"url": "http://shop.test/api/move", "method": "POST"},
            "response": {"status": 200},
        },
    }
    sent = aws(
        "put-trace-segments", "--trace-segment-documents", json.dumps(segment), json.dumps(root)
    )
    compare("put-trace-segments", sent)
    window = ["--start-time", str(now - 60), "--end-time", str(now + 60)]
    urls, deadline = [], time.monotonic() + 30
    while not urls:
        assert time.monotonic() < deadline, "no summary in time"
        query = "TraceSummaries[*].Http.HttpURL"
        urls = aws("get-trace-summaries", *window, "--query", query)
    expect("the summary's URL", urls == ["http://shop.test/api/move"], urls)
    found = aws("batch-get-traces", "--trace-ids", trace_id)
    compare("batch-traces-get", found)
    documents = [json.loads(s["Document"]) for s in found["Traces"][0]["Segments"]]
    inferred = [document for document in documents if document.get("inferred")]
    expect("the table's inferred segment", len(inferred) == 1, documents)
    # A client's node has no type of its own account here.
    compare("get-service-graph", aws("get-service-graph", *window))
    aws("get-trace-graph", "--trace-ids", trace_id)


def encryption():
    # `KeyId` comes with a key only.
    compare("get-encryption-config", aws("get-encryption-config"), but=[".KeyId"])
    made = aws("put-encryption-config", "--type", "KMS", "--key-id", "alias/aws/xray")
    compare("put-encryption-config", made)
    expect("the key's ARN", ":key/" in made["EncryptionConfig"]["KeyId"], made)


groups()
sampling()
traces()
encryption()
print(json.dumps({"commands": commands, "compared": compared, "findings": findings}))
