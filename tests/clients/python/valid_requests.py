"""Requests that the service takes, every member of the model's input among them.

`World.requests` gives them in an order in which each finds the state it needs, and lazily: later
ones hold what only the server knows (ARNs, tokens), which `World.learn` takes from earlier answers.
"""

import json
import time

CLIENT_ID = "0123456789abcdef01234567"

RULE = {
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
    "Attributes": {"tier": "gold"},
    "SamplingRateBoost": {"MaxRate": 0.5, "CooldownWindowMinutes": 1},
}

TAGS = [{"Key": "team", "Value": "shop"}]
TAGS_OF_NEW = {"Tags": TAGS}

POLICY = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{
        "Sid": "topics",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": ["xray:PutTraceSegments", "xray:GetSamplingRules", "xray:GetSamplingTargets"],
        "Resource": "*",
    }],
})


def document(now, trace_id):
    """A trace of one segment that faulted, with what a summary can say about it."""
    return {
        "name": "front",
        "id": "a000000000000001",
        "trace_id": trace_id,
        "start_time": now - 2,
        "end_time": now - 1.5,
        "origin": "AWS::EC2::Instance",
        "user": "user-1",
        "fault": True,
        "resource_arn": "arn:aws:ec2:us-east-1:111122223333:instance/i-1",
        "aws": {
            "account_id": "111122223333",
            "ec2": {"instance_id": "i-1", "availability_zone": "us-east-1a"},
        },
        "http": {
            "request": {
                "method": "GET",
                "url": "http://shop.test/",
                "client_ip": "203.0.113.7",
                "user_agent": "test/1",
            },
            "response": {"status": 500},
        },
        "annotations": {"text": "a", "number": 1.5, "boolean": True},
        "cause": {"exceptions": [{"id": "e000000000000001", "type": "T", "message": "m"}]},
        "subsegments": [
            {
                "name": "DynamoDB",
                "id": "a000000000000002",
                "start_time": now - 1.9,
                "end_time": now - 1.6,
                "namespace": "aws",
                "fault": True,
                "cause": {"exceptions": [{"id": "e000000000000002", "type": "U", "message": "n"}]},
                "aws": {"operation": "GetItem", "table_name": "orders"},
            }
        ],
    }


def statistics(now):
    return {
        "RuleName": "checkout",
        "ClientID": CLIENT_ID,
        "Timestamp": now,
        "RequestCount": 20,
        "SampledCount": 5,
        "BorrowCount": 1,
    }


def boost_statistics(now):
    return {
        "RuleName": "checkout",
        "ServiceName": "front",
        "Timestamp": now,
        "AnomalyCount": 6,
        "TotalCount": 20,
        "SampledAnomalyCount": 1,
    }


def telemetry(now):
    errors = ("Timeout", "ConnectionRefused", "HTTPCode4XX", "HTTPCode5XX", "UnknownHost", "Other")
    return {
        "TelemetryRecords": [{
            "Timestamp": now,
            "SegmentsReceivedCount": 1,
            "SegmentsSentCount": 2,
            "SegmentsSpilloverCount": 3,
            "SegmentsRejectedCount": 4,
            "BackendConnectionErrors": {f"{name}Count": 1 for name in errors},
        }],
        "EC2InstanceId": "i-0123456789abcdef0",
        "Hostname": "host-1",
        "ResourceARN": "arn:aws:ec2:us-east-1:111122223333:instance/i-1",
    }


class World:
    """What the requests of one run share."""

    def __init__(self, now=None):
        self.now = now or time.time()
        self.window = {"StartTime": self.now - 600, "EndTime": self.now + 60}
        self.trace_id = f"1-{int(self.now - 2):08x}-0123456789abcdef01234567"
        self.scope = "us-east-1:000000000000"
        self.rule_arn = f"arn:aws:xray:{self.scope}:sampling-rule/checkout"
        # Every account has this one; `CreateGroup` gives another.
        self.group = {
            "GroupName": "Default",
            "GroupARN": f"arn:aws:xray:{self.scope}:group/Default",
        }
        self.token = None
        self.insight_id = "00000000-0000-4000-8000-000000000000"

    def learn(self, operation, answer):
        if operation == "CreateGroup":
            self.group = {name: answer["Group"][name] for name in ("GroupName", "GroupARN")}
        if operation == "StartTraceRetrieval":
            self.token = answer["RetrievalToken"]

    def requests(self):
        """(operation, request) pairs; several requests of an operation have the members between
        them that exclude each other."""
        now, window, ids = self.now, self.window, [self.trace_id]
        yield "PutTraceSegments", {
            "TraceSegmentDocuments": [json.dumps(document(now, self.trace_id))]
        }
        yield "PutTelemetryRecords", telemetry(now)
        yield "CreateGroup", {
            "GroupName": "shop",
            "FilterExpression": "service(\"front\")",
            "InsightsConfiguration": {"InsightsEnabled": True, "NotificationsEnabled": True},
            **TAGS_OF_NEW,
        }
        group = self.group
        yield "UpdateGroup", {
            **group,
            "FilterExpression": "service(\"front\") OR fault",
            "InsightsConfiguration": {"InsightsEnabled": True, "NotificationsEnabled": False},
        }
        yield "GetGroup", group
        yield "GetGroups", {}
        yield "BatchGetTraces", {"TraceIds": ids, "NextToken": ""}
        yield "GetTraceSummaries", {
            **window,
            "TimeRangeType": "Event",
            "Sampling": True,
            "SamplingStrategy": {"Name": "FixedRate", "Value": 1.0},
            "FilterExpression": "fault AND annotation.number > 1",
            "NextToken": "",
        }
        yield "GetTraceGraph", {"TraceIds": ids, "NextToken": ""}
        yield "GetServiceGraph", {**window, **group, "NextToken": ""}
        yield "GetTimeSeriesServiceStatistics", {
            **window,
            **group,
            "EntitySelectorExpression": "service(id("
            "name: \"front\", type: \"AWS::EC2::Instance\"))",
            "Period": 60,
            "ForecastStatistics": True,
            "NextToken": "",
        }
        yield from self.sampling()
        yield "TagResource", {"ResourceARN": self.rule_arn, "Tags": TAGS}
        yield "ListTagsForResource", {"ResourceARN": self.rule_arn, "NextToken": ""}
        yield "UntagResource", {"ResourceARN": self.rule_arn, "TagKeys": ["team"]}
        policy = {"PolicyName": "topics", "PolicyDocument": POLICY}
        yield "PutResourcePolicy", {**policy, "BypassPolicyLockoutCheck": True}
        yield "PutResourcePolicy", {**policy, "PolicyRevisionId": "1"}
        yield "ListResourcePolicies", {}
        yield "DeleteResourcePolicy", {"PolicyName": "topics", "PolicyRevisionId": "2"}
        yield from self.insights(group)
        yield from self.transaction_search(ids)
        yield from self.encryption()
        yield "DeleteGroup", group
        yield "DeleteSamplingRule", {"RuleARN": self.rule_arn}

    def sampling(self):
        yield "CreateSamplingRule", {"SamplingRule": RULE, **TAGS_OF_NEW}
        yield "CreateSamplingRule", {"SamplingRule": {**RULE, "RuleName": "second"}}
        update = {name: value for name, value in RULE.items() if name != "Version"}
        yield "UpdateSamplingRule", {"SamplingRuleUpdate": update}
        by_arn = {"RuleARN": self.rule_arn, "FixedRate": 0.2}
        yield "UpdateSamplingRule", {"SamplingRuleUpdate": by_arn}
        yield "GetSamplingRules", {"NextToken": ""}
        yield "GetSamplingTargets", {
            "SamplingStatisticsDocuments": [statistics(self.now)],
            "SamplingBoostStatisticsDocuments": [boost_statistics(self.now)],
        }
        yield "GetSamplingStatisticSummaries", {"NextToken": ""}
        yield "DeleteSamplingRule", {"RuleName": "second"}

    def insights(self, group):
        yield "GetInsightSummaries", {
            **self.window,
            **group,
            "States": ["ACTIVE"],
            "MaxResults": 10,
        }
        insight = {"InsightId": self.insight_id}
        yield "GetInsight", insight
        yield "GetInsightEvents", {**insight, "MaxResults": 10}
        yield "GetInsightImpactGraph", {**insight, **self.window}

    def transaction_search(self, ids):
        yield "UpdateTraceSegmentDestination", {
            "Destination": "CloudWatchLogs",
            "CloudWatchLogsConfiguration": {
                "SpansLogGroupKmsKeyId": f"arn:aws:kms:{self.scope}:key/"
                "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
            },
        }
        yield "UpdateTraceSegmentDestination", {"Destination": "XRay"}
        yield "GetTraceSegmentDestination", {}
        yield "UpdateIndexingRule", {
            "Name": "Default",
            "Rule": {"Probabilistic": {"DesiredSamplingPercentage": 50.0}},
        }
        yield "GetIndexingRules", {"NextToken": ""}
        yield "StartTraceRetrieval", {"TraceIds": ids, **self.window}
        token = {"RetrievalToken": self.token}
        yield "ListRetrievedTraces", {**token, "TraceFormat": "XRAY", "NextToken": ""}
        yield "GetRetrievedTracesGraph", {**token, "NextToken": ""}
        yield "CancelTraceRetrieval", token

    def encryption(self):
        yield "PutEncryptionConfig", {"Type": "KMS", "KeyId": "alias/aws/xray"}
        yield "GetEncryptionConfig", {}
        yield "PutEncryptionConfig", {"Type": "NONE"}
