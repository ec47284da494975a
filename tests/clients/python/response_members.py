"""Calls every operation with every member of its input, on data that has something to say for every
member of the answers, and holds each answer against the service model.

Usage: response_members.py ENDPOINT
Prints one JSON object: the members of the model, those that were seen, those that the server never
gives, the operations that answered with success, and what was found wrong.
"""

import json
import sys
import time

from service_model import Service, response_members, structure
from valid_requests import CLIENT_ID, RULE, World, boost_statistics, statistics

ONE_PAGE = "the answer is always one page"
QUIET = "an insight ends after ten quiet minutes; the scenarios in virtual time have the clock"

# What no answer of this run has, and why. A member that is seen after all is a finding.
NEVER_SEEN = {
    "GetGroups.NextToken": ONE_PAGE,
    "GetInsightImpactGraph.NextToken": "takes an incident of 1,000 services; its pages are those of "
    "the service graph",
    "GetIndexingRules.NextToken": ONE_PAGE,
    "GetSamplingRules.NextToken": ONE_PAGE,
    "GetSamplingStatisticSummaries.NextToken": "takes 1,000 windows of ten seconds; the unit test "
    "`statistic_summaries_page_to_exhaustion` has the clock for them",
    "Insight.EndTime": QUIET,
    "InsightSummary.EndTime": QUIET,
    "ListResourcePolicies.NextToken": ONE_PAGE,
    "ListTagsForResource.NextToken": ONE_PAGE,
}


# Ask for an insight by its id, which only the server knows.
WITHOUT_STATE = ("GetInsight", "GetInsightEvents", "GetInsightImpactGraph")

class Data:
    """Documents around now, with something for every member of the answers."""

    def __init__(self, service, now):
        self.service, self.now = service, now

    def trace_id(self, number):
        return f"1-{int(self.now):08x}-{number:024x}"

    def segment(self, trace, number, name, **members):
        return {
            "name": name,
            "id": f"{trace:08x}{number:08x}",
            "trace_id": self.trace_id(trace),
            "start_time": self.now - 5,
            "end_time": self.now - 4,
            **members,
        }

    def put(self, documents):
        for at in range(0, len(documents), 50):
            texts = [json.dumps(document) for document in documents[at : at + 50]]
            answer = self.service.ok("PutTraceSegments", {"TraceSegmentDocuments": texts})
            assert answer["UnprocessedTraceSegments"] == [], answer

    def everything(self):
        self.put([self.throttled(), self.failing()])
        self.put(self.linked())
        self.put(self.aliased())
        self.put(list(self.steady()))
        self.put(list(self.broken()))
        # More than a page of summaries, of services, and of bytes.
        self.put([self.segment(n, 1, "many") for n in range(100, 1_110)])
        self.put([self.segment(50, n, f"node-{n}") for n in range(1, 1_011)])
        text = {"default": {"text": "x" * 60_000}}
        self.put([self.segment(60, n, "large", metadata=text) for n in range(1, 145)])
        bad = {"TraceSegmentDocuments": [json.dumps({"id": "bad"})]}
        answer = self.service.ok("PutTraceSegments", bad)
        assert len(answer["UnprocessedTraceSegments"]) == 1, answer

    def steady(self):
        """Enough minutes and requests of one service to say what to expect of it."""
        number = 20_000
        for minute in range(2, 48):
            for _ in range(4):
                number += 1
                start = self.now - 60 * minute
                segment = self.segment(number, 1, "steady")
                trace_id = f"1-{int(start):08x}-{number:024x}"
                yield {**segment, "trace_id": trace_id, "start_time": start, "end_time": start + 1}

    def broken(self):
        """Minutes of faults, first of most calls and then of all, of two services on their own."""
        number = 30_000
        aws = {"account_id": "111122223333"}
        for minute in range(3, 15):
            for call in range(48):
                fault = minute < 7 or call // 2 % 12 < 7
                name = "broken" if call % 2 else "failing"
                number += 1
                start = self.now - 60 * minute
                segment = self.segment(number, 1, name, fault=fault, aws=aws)
                trace_id = f"1-{int(start):08x}-{number:024x}"
                yield {**segment, "trace_id": trace_id, "start_time": start, "end_time": start + 1}

    def throttled(self):
        return self.segment(1, 1, "busy", error=True, http={"response": {"status": 429}})

    def failing(self):
        """An error with its exception, in the root and in the remote call below it."""
        exceptions = [{"id": "e" * 16, "type": "Missing", "message": "no such item"}]
        call = {
            "name": "stock.test",
            "id": "b" * 16,
            "start_time": self.now - 4.9,
            "end_time": self.now - 4.1,
            "namespace": "remote",
            "error": True,
            "cause": {"exceptions": exceptions},
        }
        cause = {"exceptions": exceptions}
        aws = {"account_id": "111122223333"}
        members = {"error": True, "cause": cause, "aws": aws, "subsegments": [call]}
        return self.segment(2, 1, "shop", **members)

    def linked(self):
        """A consumer in a trace of its own, linked to what it works off."""
        send = {
            "name": "SQS",
            "id": "c" * 16,
            "start_time": self.now - 5,
            "end_time": self.now - 4.5,
            "namespace": "aws",
            "aws": {"operation": "SendMessage", "queue_url": "https://sqs.test/1/mail"},
        }
        link = {
            "trace_id": self.trace_id(3),
            "id": "c" * 16,
            "attributes": {"aws.xray.link.type": "parent"},
        }
        worker = {**self.segment(4, 1, "mail-worker"), "links": [link]}
        worker.update(start_time=self.now - 4, end_time=self.now - 3.5)
        return [self.segment(3, 1, "mailer", subsegments=[send]), worker]

    def aliased(self):
        """Called by a name that is not the service's own."""
        call = {
            "name": "pay.test",
            "id": "d" * 16,
            "start_time": self.now - 5,
            "end_time": self.now - 4.2,
            "namespace": "remote",
        }
        pay = self.segment(5, 2, "pay", parent_id="d" * 16)
        pay.update(start_time=self.now - 4.9, end_time=self.now - 4.3)
        return [self.segment(5, 1, "till", subsegments=[call]), pay]


def run(service):
    world = World()
    data = Data(service, world.now)
    # Its members are all traces, so it needs no trace that comes after it.
    insights = {"InsightsEnabled": True, "NotificationsEnabled": False}
    default = {"GroupName": "Default", "InsightsConfiguration": insights}
    service.ok("UpdateGroup", default)
    data.everything()
    for operation, request in world.requests():
        if operation == "GetTraceSummaries":
            await_summaries(service, world)
        if operation in WITHOUT_STATE:
            request["InsightId"] = await_insight(service, world)
        world.learn(operation, service.ok(operation, request))
    beside(service, world, data)


def await_summaries(service, world):
    """What is acknowledged is in every answer within a second; a busy machine may need more."""
    deadline = time.monotonic() + 30
    request = {**world.window, "FilterExpression": "annotation.number > 1"}
    while not service.ok("GetTraceSummaries", request)["TraceSummaries"]:
        assert time.monotonic() < deadline, "no summary in time"
        time.sleep(0.05)


def await_insight(service, world):
    """The minutes are judged about once a minute."""
    deadline = time.monotonic() + 100
    request = {**world.window, "StartTime": world.now - 3600, "GroupName": "Default"}
    while True:
        insights = service.ok("GetInsightSummaries", request)["InsightSummaries"]
        if insights:
            return insights[0]["InsightId"]
        assert time.monotonic() < deadline, "no insight in time"
        time.sleep(0.2)


def beside(service, world, data):
    """What the valid requests leave out: whole windows, second pages, what cannot be processed."""
    pages(service, "GetServiceGraph", world.window)
    pages(service, "GetTraceSummaries", world.window)
    service.ok("GetTraceGraph", {"TraceIds": [data.trace_id(50)]})
    ids = [data.trace_id(60), data.trace_id(2), data.trace_id(9_999)]
    service.ok("BatchGetTraces", {"TraceIds": ids})
    service.ok("BatchGetTraces", {"TraceIds": ids[1:]})
    series(service, world)
    insights(service, world)
    retrieval(service, world, [data.trace_id(n) for n in (3, 4, 50, 60, 1, 2, 5)])
    boosted(service, world)
    gone = {
        "RuleName": "gone",
        "ClientID": CLIENT_ID,
        "Timestamp": world.now,
        "RequestCount": 1,
        "SampledCount": 1,
    }
    boost = {
        "RuleName": "gone",
        "ServiceName": "front",
        "Timestamp": world.now,
        "AnomalyCount": 1,
        "TotalCount": 1,
        "SampledAnomalyCount": 1,
    }
    service.ok("GetSamplingTargets", {
        "SamplingStatisticsDocuments": [gone],
        "SamplingBoostStatisticsDocuments": [boost],
    })


def boosted(service, world):
    """More anomalies than the rule's rate catches raise it for a while."""
    rule = {**RULE, "RuleName": "boosted"}
    service.ok("CreateSamplingRule", {"SamplingRule": rule})
    answer = service.ok("GetSamplingTargets", {
        "SamplingStatisticsDocuments": [{**statistics(world.now), "RuleName": "boosted"}],
        "SamplingBoostStatisticsDocuments": [
            {**boost_statistics(world.now), "RuleName": "boosted"}
        ],
    })
    assert answer["SamplingTargetDocuments"][0]["SamplingBoost"]["BoostRate"] == 0.5, answer


def series(service, world):
    """By entries, over more minutes than a page has, and by a node with its forecast."""
    operation = "GetTimeSeriesServiceStatistics"
    pages(service, operation, {**world.window, "StartTime": world.now - 26 * 3600})
    node = 'service(id(name: "steady"))'
    forecast = {
        "GroupName": "Default",
        "EntitySelectorExpression": node,
        "ForecastStatistics": True,
    }
    hour = {**world.window, "StartTime": world.now - 3600}
    service.ok(operation, {**hour, **forecast})


def insights(service, world):
    """Both insights, and a second page of each list."""
    request = {**world.window, "StartTime": world.now - 3600, "GroupName": "Default"}
    deadline = time.monotonic() + 100
    found = []
    while len(found) < 2:
        assert time.monotonic() < deadline, f"only {found} in time"
        time.sleep(0.2)
        found = service.ok("GetInsightSummaries", request)["InsightSummaries"]
    first = service.ok("GetInsightSummaries", {**request, "MaxResults": 1})
    second = {**request, "MaxResults": 1, "NextToken": first["NextToken"]}
    service.ok("GetInsightSummaries", second)
    insight = {"InsightId": found[0]["InsightId"]}
    service.ok("GetInsight", insight)
    service.ok("GetInsightEvents", {**insight, "MaxResults": 1})


def retrieval(service, world, ids):
    """More traces, documents and services than a page has, and links between them."""
    request = {"TraceIds": ids, **world.window}
    token = service.ok("StartTraceRetrieval", request)["RetrievalToken"]
    deadline = time.monotonic() + 30
    request = {"RetrievalToken": token}
    while service.ok("ListRetrievedTraces", request)["RetrievalStatus"] != "COMPLETE":
        assert time.monotonic() < deadline, "the retrieval is not complete in time"
        time.sleep(0.05)
    pages(service, "ListRetrievedTraces", request)
    pages(service, "ListRetrievedTraces", {**request, "TraceFormat": "OTEL"})
    pages(service, "GetRetrievedTracesGraph", request)


def pages(service, operation, request):
    token = ""
    while token is not None:
        token = service.ok(operation, {**request, "NextToken": token}).get("NextToken")


def main():
    service = Service(sys.argv[1])
    run(service)
    members = response_members(service.model)
    findings = list(service.findings)
    unseen = members - service.seen - set(NEVER_SEEN)
    findings += [f"`{name}` was in no answer" for name in sorted(unseen)]
    findings += [f"`{name}` was seen after all" for name in sorted(service.seen & set(NEVER_SEEN))]
    findings += [f"`{name}` is not in the model" for name in sorted(set(NEVER_SEEN) - members)]
    print(json.dumps({
        "members": sorted(members),
        "seen": sorted(service.seen),
        "never_seen": sorted(NEVER_SEEN),
        "succeeded": sorted(service.succeeded),
        "findings": findings,
    }))


main()
