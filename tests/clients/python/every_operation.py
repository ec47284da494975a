"""Calls Roentgen with boto3, as applications do.

Usage: every_operation.py ENDPOINT known|working
`known` calls each operation once; `working` holds the answers against what was
sent. Prints one JSON object: the operations that `known` called, and what was found wrong.
"""

import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from service_model import Service

ENDPOINT, MODE = sys.argv[1:3]

service = Service(ENDPOINT)
findings = service.findings
# As applications have it: with botocore's own checks of what is sent.
client = boto3.client(
    "xray", endpoint_url=ENDPOINT, config=Config(retries={"max_attempts": 0})
)


def expect_error(name, code, call, **arguments):
    try:
        call(**arguments)
        findings.append(f"{name}: expected {code}, and it succeeded")
    except ClientError as error:
        if error.response["Error"]["Code"] != code or not error.response["Error"]["Message"]:
            findings.append(f"{name}: expected {code}, found {error.response}")


def smallest(shape):
    """The smallest JSON that the model allows for `shape`."""
    kind = shape.type_name
    if kind == "structure":
        names = list(shape.members)[:1] if shape.is_tagged_union else shape.required_members
        return {name: smallest(shape.members[name]) for name in names}
    if kind == "list":
        return []
    if kind == "string":
        if shape.name == "InsightId":
            return "00000000-0000-4000-8000-000000000000"
        return shape.enum[0] if shape.enum else "x" * shape.metadata.get("min", 1)
    if kind == "timestamp":
        return time.time()
    return {"boolean": False, "double": 0.5, "map": {}}.get(kind, 1)


def known():
    """Every operation of the model is answered: with success, or with an error it models."""
    for name in service.model.operation_names:
        shape = service.model.operation_model(name).input_shape
        service.call(name, smallest(shape) if shape is not None else {})


def trace_documents(trace_id, now):
    front = {
        "name": "front",
        "id": "a000000000000001",
        "trace_id": trace_id,
        "start_time": now - 1,
        "end_time": now - 0.5,
        "origin": "AWS::EC2::Instance",
        "user": "user-1",
        "fault": True,
        "resource_arn": "arn:aws:ec2:us-east-1:111122223333:instance/i-1",
        "aws": {"ec2": {"instance_id": "i-1", "availability_zone": "us-east-1a"}},
        "http": {
            "request": {"method": "GET", "url": "http://shop.test/", "client_ip": "203.0.113.7"},
            "response": {"status": 500},
        },
        "annotations": {"text": "a", "number": 1.5, "boolean": True},
        "cause": {"exceptions": [{"id": "e000000000000001", "type": "T", "message": "m"}]},
        "subsegments": [
            {
                "name": "DynamoDB",
                "id": "a000000000000002",
                "start_time": now - 0.9,
                "end_time": now - 0.6,
                "namespace": "aws",
                "error": True,
                "aws": {"operation": "GetItem", "table_name": "orders"},
            }
        ],
    }
    return [json.dumps(front), json.dumps({"id": "bad"})]


def working():
    """The operations that are built, by their answers."""
    now = time.time()
    trace_id = f"1-{int(now):08x}-0123456789abcdef01234567"
    answer = client.put_trace_segments(TraceSegmentDocuments=trace_documents(trace_id, now))
    assert len(answer["UnprocessedTraceSegments"]) == 1, answer
    client.put_telemetry_records(
        TelemetryRecords=[{"Timestamp": now, "SegmentsReceivedCount": 1}], Hostname="h"
    )
    answer = client.batch_get_traces(TraceIds=[trace_id, f"1-{int(now):08x}-{0:024x}"])
    assert [trace["Id"] for trace in answer["Traces"]] == [trace_id], answer
    assert len(answer["Traces"][0]["Segments"]) == 2, answer
    assert len(answer["UnprocessedTraceIds"]) == 1, answer

    window = {"StartTime": now - 600, "EndTime": now + 60}
    deadline = time.monotonic() + 20
    summaries = []
    while not summaries:
        assert time.monotonic() < deadline, "no summary in time"
        pages = client.get_paginator("get_trace_summaries").paginate(
            **window, FilterExpression='service("front") { fault } AND annotation.number > 1'
        )
        summaries = [summary for page in pages for summary in page["TraceSummaries"]]
        time.sleep(0.05)
    assert summaries[0]["Id"] == trace_id and summaries[0]["HasFault"], summaries
    assert summaries[0]["Annotations"]["text"][0]["AnnotationValue"] == {"StringValue": "a"}
    for kind in ("TraceId", "Event", "Service"):
        answer = client.get_trace_summaries(
            **window,
            TimeRangeType=kind,
            Sampling=True,
            SamplingStrategy={"Name": "FixedRate", "Value": 1.0},
        )
        assert [summary["Id"] for summary in answer["TraceSummaries"]] == [trace_id], answer

    for pages in (
        client.get_paginator("get_service_graph").paginate(**window),
        client.get_paginator("get_trace_graph").paginate(TraceIds=[trace_id]),
    ):
        nodes = [node for page in pages for node in page["Services"]]
        names = sorted((node["Name"], node.get("Type")) for node in nodes)
        assert names == [
            ("front", "AWS::EC2::Instance"),
            ("front", "client"),
            ("orders", "AWS::DynamoDB::Table"),
        ], names
    retrieval(trace_id, now)
    sampling(now)
    groups()
    settings()
    tags()
    policies()
    transaction_search()
    invalid = "InvalidRequestException"
    expect_error("ids", invalid, client.batch_get_traces, TraceIds=["nonsense"])
    bad_range = {"StartTime": now, "EndTime": now - 1}
    expect_error("range", invalid, client.get_trace_summaries, **bad_range)
    expect_error(
        "filter", invalid, client.get_trace_summaries, **window, FilterExpression="service("
    )


def retrieval(trace_id, now):
    window = {"StartTime": now - 600, "EndTime": now + 60}
    token = client.start_trace_retrieval(TraceIds=[trace_id], **window)["RetrievalToken"]
    deadline = time.monotonic() + 20
    while True:
        answer = client.list_retrieved_traces(RetrievalToken=token)
        if answer["RetrievalStatus"] == "COMPLETE":
            break
        assert answer["RetrievalStatus"] in ("SCHEDULED", "RUNNING"), answer
        assert time.monotonic() < deadline, "not retrieved in time"
        time.sleep(0.05)
    [trace] = answer["Traces"]
    assert trace["Id"] == trace_id and trace["Duration"] == 0.5, answer
    names = [json.loads(span["Document"])["name"] for span in trace["Spans"]]
    assert answer["TraceFormat"] == "XRAY" and names == ["front", "DynamoDB"], answer
    answer = client.list_retrieved_traces(RetrievalToken=token, TraceFormat="OTEL")
    spans = [json.loads(span["Document"]) for span in answer["Traces"][0]["Spans"]]
    kinds = [(span["name"], span["kind"], span["status"]) for span in spans]
    assert kinds == [("front", 2, {"code": 2}), ("DynamoDB", 3, {"code": 2})], spans
    assert spans[1]["parentSpanId"] == spans[0]["spanId"], spans
    assert spans[0]["traceId"] == trace_id[2:].replace("-", ""), spans
    answer = client.get_retrieved_traces_graph(RetrievalToken=token)
    assert answer["RetrievalStatus"] == "COMPLETE" and len(answer["Services"]) == 3, answer
    client.cancel_trace_retrieval(RetrievalToken=token)
    not_found = "ResourceNotFoundException"
    expect_error("token", not_found, client.cancel_trace_retrieval, RetrievalToken="gone")
    expect_error("token", not_found, client.list_retrieved_traces, RetrievalToken="gone")
    expect_error("token", not_found, client.get_retrieved_traces_graph, RetrievalToken="gone")


def sampling(now):
    rule = {
        "RuleName": "checkout",
        "ResourceARN": "*",
        "Priority": 5,
        "FixedRate": 0.25,
        "ReservoirSize": 10,
        "ServiceName": "front",
        "ServiceType": "*",
        "Host": "*",
        "HTTPMethod": "POST",
        "URLPath": "/checkout/*",
        "Version": 1,
    }
    record = client.create_sampling_rule(SamplingRule=rule)["SamplingRuleRecord"]
    assert record["SamplingRule"]["RuleARN"].endswith("sampling-rule/checkout"), record
    expect_error(
        "again", "InvalidRequestException", client.create_sampling_rule, SamplingRule=rule
    )
    record = client.update_sampling_rule(
        SamplingRuleUpdate={
            "RuleName": "checkout",
            "FixedRate": 0.75,
            "SamplingRateBoost": {"MaxRate": 0.9, "CooldownWindowMinutes": 5},
        }
    )["SamplingRuleRecord"]
    assert record["SamplingRule"]["FixedRate"] == 0.75, record
    pages = client.get_paginator("get_sampling_rules").paginate()
    records = [record for page in pages for record in page["SamplingRuleRecords"]]
    names = [record["SamplingRule"]["RuleName"] for record in records]
    assert names == ["checkout", "Default"], names
    for record in records:
        assert record["SamplingRule"]["Attributes"] == {}, record
    statistics = {
        "RuleName": "checkout",
        "ClientID": "0123456789abcdef01234567",
        "Timestamp": now,
        "RequestCount": 20,
        "SampledCount": 5,
        "BorrowCount": 1,
    }
    unknown = dict(statistics, RuleName="gone")
    anomalies = {
        "RuleName": "checkout",
        "ServiceName": "front",
        "Timestamp": now,
        "AnomalyCount": 1,
        "TotalCount": 20,
        "SampledAnomalyCount": 0,
    }
    answer = client.get_sampling_targets(
        SamplingStatisticsDocuments=[statistics, unknown],
        SamplingBoostStatisticsDocuments=[anomalies],
    )
    boost = answer["SamplingTargetDocuments"][0]["SamplingBoost"]
    assert boost["BoostRate"] == 0.9 and "BoostRateTTL" in boost, answer
    target = answer["SamplingTargetDocuments"][0]
    assert target["RuleName"] == "checkout" and target["FixedRate"] == 0.75, answer
    assert target["ReservoirQuota"] == 10 and "LastRuleModification" in answer, answer
    assert answer["UnprocessedStatistics"][0]["RuleName"] == "gone", answer
    pages = client.get_paginator("get_sampling_statistic_summaries").paginate()
    windows = [window for page in pages for window in page["SamplingStatisticSummaries"]]
    assert sum(window["RequestCount"] for window in windows) == 20, windows
    record = client.delete_sampling_rule(RuleName="checkout")["SamplingRuleRecord"]
    assert record["SamplingRule"]["RuleName"] == "checkout", record


def groups():
    both = {"InsightsEnabled": True, "NotificationsEnabled": True}
    group = client.create_group(
        GroupName="slow", FilterExpression="responsetime > 5", InsightsConfiguration=both
    )["Group"]
    assert group["InsightsConfiguration"] == both, group
    name, arn = {"GroupName": "slow"}, {"GroupARN": group["GroupARN"]}
    changed = client.update_group(
        **name,
        **arn,
        FilterExpression="responsetime > 6",
        InsightsConfiguration={"InsightsEnabled": False, "NotificationsEnabled": False},
    )["Group"]
    assert changed["FilterExpression"] == "responsetime > 6", changed
    assert client.get_group(**name)["Group"] == client.get_group(**arn)["Group"] == changed
    pages = client.get_paginator("get_groups").paginate()
    names = [group["GroupName"] for page in pages for group in page["Groups"]]
    assert names == ["Default", "slow"], names
    client.delete_group(**arn)
    expect_error("deleted", "InvalidRequestException", client.get_group, **name)


def tags():
    tags = [{"Key": "stage", "Value": "test"}, {"Key": "team", "Value": "a b"}]
    group = client.create_group(GroupName="tagged", Tags=tags)["Group"]
    arn = {"ResourceARN": group["GroupARN"]}
    client.tag_resource(**arn, Tags=[{"Key": "team", "Value": "c"}])
    client.untag_resource(**arn, TagKeys=["stage"])
    pages = client.get_paginator("list_tags_for_resource").paginate(**arn)
    found = [tag for page in pages for tag in page["Tags"]]
    assert found == [{"Key": "team", "Value": "c"}], found
    many = [{"Key": str(number), "Value": ""} for number in range(51)]
    expect_error("tags", "TooManyTagsException", client.tag_resource, **arn, Tags=many)
    client.delete_group(GroupName="tagged")
    expect_error("untagged", "ResourceNotFoundException", client.list_tags_for_resource, **arn)


def policies():
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": ["xray:PutTraceSegments"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
    }
    name = {"PolicyName": "sns"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    put = client.put_resource_policy(
        **name, PolicyDocument=document, PolicyRevisionId="0", BypassPolicyLockoutCheck=True
    )["ResourcePolicy"]
    pages = client.get_paginator("list_resource_policies").paginate()
    found = [policy for page in pages for policy in page["ResourcePolicies"]]
    assert found == [put] and put["PolicyDocument"] == document, found
    deny = dict(statement, Effect="Deny", Principal="*", Action="xray:*")
    for code, change in (
        ("InvalidPolicyRevisionIdException", {"PolicyRevisionId": "0"}),
        ("MalformedPolicyDocumentException", {"PolicyDocument": "{}"}),
        ("PolicySizeLimitExceededException", {"PolicyDocument": " " * 5121}),
        ("LockoutPreventionException", {"PolicyDocument": json.dumps({"Statement": [deny]})}),
    ):
        arguments = {**name, "PolicyDocument": document, **change}
        expect_error("policy", code, client.put_resource_policy, **arguments)
    client.delete_resource_policy(**name, PolicyRevisionId=put["PolicyRevisionId"])


def transaction_search():
    """Ends as it began, so that what follows is indexed."""
    key = {"SpansLogGroupKmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/1"}
    answer = client.update_trace_segment_destination(
        Destination="CloudWatchLogs", CloudWatchLogsConfiguration=key
    )
    assert answer["Destination"] == "CloudWatchLogs", answer
    value = {"Probabilistic": {"DesiredSamplingPercentage": 12.5}}
    rule = client.update_indexing_rule(Name="Default", Rule=value)["IndexingRule"]
    assert rule["Rule"]["Probabilistic"]["ActualSamplingPercentage"] == 12.5, rule
    expect_error(
        "rule", "ResourceNotFoundException", client.update_indexing_rule, Name="x", Rule=value
    )
    answer = client.update_trace_segment_destination(Destination="XRay")
    assert (answer["Destination"], answer["Status"]) == ("XRay", "ACTIVE"), answer


def settings():
    """What is answered with AWS's defaults until it can be changed."""
    encryption = client.get_encryption_config()["EncryptionConfig"]
    assert encryption == {"Type": "NONE", "Status": "ACTIVE"}, encryption
    own = {"Type": "KMS", "KeyId": "alias/aws/xray"}
    changed = client.put_encryption_config(**own)["EncryptionConfig"]
    assert (changed["Type"], changed["Status"]) == ("KMS", "UPDATING"), changed
    assert changed["KeyId"].startswith("arn:aws:kms:"), changed
    changed = client.put_encryption_config(Type="KMS", KeyId=changed["KeyId"])["EncryptionConfig"]
    assert changed["Type"] == "KMS", changed
    unknown = {"Type": "KMS", "KeyId": "alias/gone"}
    expect_error("key", "InvalidRequestException", client.put_encryption_config, **unknown)
    plain = client.put_encryption_config(Type="NONE")["EncryptionConfig"]
    assert plain == {"Type": "NONE", "Status": "UPDATING"}, plain
    groups = [
        group for page in client.get_paginator("get_groups").paginate() for group in page["Groups"]
    ]
    assert [group["GroupName"] for group in groups] == ["Default"], groups
    group = client.get_group(GroupName="Default")["Group"]
    assert group["GroupARN"] == groups[0]["GroupARN"], group
    expect_error("group", "InvalidRequestException", client.get_group, GroupName="gone")
    rules = client.get_indexing_rules()["IndexingRules"]
    assert [rule["Name"] for rule in rules] == ["Default"], rules
    destination = client.get_trace_segment_destination()
    assert (destination["Destination"], destination["Status"]) == ("XRay", "ACTIVE"), destination


{"known": known, "working": working}[MODE]()
print(json.dumps({"called": sorted(service.called), "findings": findings}))
