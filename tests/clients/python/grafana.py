"""Asks as Grafana's X-Ray data source asks, and checks that the answers hold what its frames read
without asking whether it is there (api.md, "Checks against common clients").

Usage: grafana.py ENDPOINT
Prints one JSON object: what was found wrong.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from service_model import Service

ENDPOINT = sys.argv[1]
NOW = time.time()
WINDOW = {"StartTime": NOW - 3600, "EndTime": NOW + 60}

service = Service(ENDPOINT)
findings = service.findings


def expect(what, is_so, found):
    if not is_so:
        findings.append(f"{what}: {str(found)[:400]}")


def trace(number, age, fault):
    trace_id = f"1-{int(NOW - age):08x}-{number:024x}"
    start = NOW - age
    exception = {"id": f"e{number:015x}", "type": "Declined", "message": "no"}
    call = {
        "name": "pay.test",
        "id": f"b{number:015x}",
        "start_time": start + 0.1,
        "end_time": start + 0.9,
        "namespace": "remote",
        "fault": fault,
        "cause": {"exceptions": [exception]} if fault else None,
    }
    shop = {
        "name": "shop",
        "id": f"a{number:015x}",
        "trace_id": trace_id,
        "start_time": start,
        "end_time": start + 1,
        "fault": fault,
        "error": False,
        "annotations": {"tier": "gold"},
        "subsegments": [call],
    }
    if number % 2:
        request = {"method": "GET", "url": "http://shop.test/", "client_ip": "203.0.113.7"}
        shop["http"] = {"request": request, "response": {"status": 500 if fault else 200}}
    pay = {
        "name": "pay",
        "id": f"c{number:015x}",
        "parent_id": call["id"],
        "trace_id": trace_id,
        "start_time": start + 0.2,
        "end_time": start + 0.8,
        "fault": fault,
    }
    return [json.dumps(shop), json.dumps(pay)]


def send():
    # Over the whole hour, so that each quarter has some.
    documents = []
    for number in range(1, 41):
        documents += trace(number, 30 + number * 85, number % 4 == 0)
    answer = service.ok("PutTraceSegments", {"TraceSegmentDocuments": documents})
    assert answer["UnprocessedTraceSegments"] == [], answer


def summaries_of(quarter):
    """One of the four parallel queries, all its pages."""
    length = (WINDOW["EndTime"] - WINDOW["StartTime"]) / 4
    start = WINDOW["StartTime"] + quarter * length
    request = {
        "StartTime": start,
        "EndTime": start + length,
        "TimeRangeType": "Event",
        "Sampling": True,
        "SamplingStrategy": {"Name": "FixedRate", "Value": 1.0},
        "FilterExpression": "",
    }
    found, own = [], Service(ENDPOINT)
    while True:
        page = own.ok("GetTraceSummaries", request)
        found += page["TraceSummaries"]
        if not page.get("NextToken"):
            findings.extend(own.findings)
            return found
        request["NextToken"] = page["NextToken"]


def trace_list():
    deadline = time.monotonic() + 30
    while True:
        with ThreadPoolExecutor(4) as pool:
            quarters = list(pool.map(summaries_of, range(4)))
        summaries = {summary["Id"]: summary for quarter in quarters for summary in quarter}
        if len(summaries) == 40:
            break
        assert time.monotonic() < deadline, f"{len(summaries)} summaries in time"
        time.sleep(0.05)
    expect("every quarter has traces", all(quarters), [len(quarter) for quarter in quarters])
    for summary in summaries.values():
        # Dereferenced without a check: method, status and URL of what may be no web request.
        expect("Http is an object", isinstance(summary["Http"], dict), summary)
        expect("Annotations is an object", isinstance(summary["Annotations"], dict), summary)
        expect("times", summary["Duration"] >= summary["ResponseTime"] > 0, summary)
        expect("EntryPoint", summary["EntryPoint"]["Name"] == "shop", summary)
        kinds = ("FaultRootCauses", "ErrorRootCauses", "ResponseTimeRootCauses")
        for kind in kinds:
            for cause in summary[kind]:
                root_cause(kind, cause)
        faults = len(summary["FaultRootCauses"])
        expect("causes of a fault", (faults > 0) == summary["HasFault"], summary)
        expect("a slowest path", len(summary["ResponseTimeRootCauses"]) == 1, summary)
    return list(summaries)


def root_cause(kind, cause):
    for one in cause["Services"]:
        expect(f"{kind}: name and type", None not in (one["Name"], one["Type"]), one)
        expect(f"{kind}: the service's own segment", one["EntityPath"][0]["Name"], one)
        for entity in one["EntityPath"]:
            if kind == "ResponseTimeRootCauses":
                expect("coverage", 0 < entity["Coverage"] <= 1, entity)
            else:
                names = [exception["Name"] for exception in entity["Exceptions"]]
                expect("names of exceptions", None not in names, entity)


def one_trace(trace_id):
    (found,) = service.ok("BatchGetTraces", {"TraceIds": [trace_id]})["Traces"]
    documents = [json.loads(segment["Document"]) for segment in found["Segments"]]
    expect("documents", {d["name"] for d in documents} == {"shop", "pay"}, documents)
    graph(service.ok("GetTraceGraph", {"TraceIds": [trace_id]})["Services"])


def graph(services):
    ids = {one["ReferenceId"] for one in services}
    for one in services:
        expect("Edges is a list", isinstance(one["Edges"], list), one)
        expect("edges lead to nodes", {e["ReferenceId"] for e in one["Edges"]} <= ids, one)
        expect("statistics", isinstance(one["SummaryStatistics"], dict), one)
        if one["Type"] != "client":
            counts = one["SummaryStatistics"]
            faults = counts["FaultStatistics"]["TotalCount"]
            expect("counts", counts["TotalCount"] >= faults >= 0, one)
    names = {one["Name"] for one in services}
    expect("the nodes", {"shop", "pay"} <= names, names)


def series():
    operation = "GetTimeSeriesServiceStatistics"
    for period in (60, 300):
        request = {**WINDOW, "Period": period, "GroupName": "Default"}
        rows = service.ok(operation, request)["TimeSeriesServiceStatistics"]
        # How its trace statistics count traces; it divides by each window's total.
        totals = [row["EdgeSummaryStatistics"]["TotalCount"] for row in rows]
        expect(f"traces by {period} s", sum(totals) == 40 and all(totals), totals)
        for selector, member in (
            ('service("pay")', "ServiceSummaryStatistics"),
            ('edge("shop", "pay")', "EdgeSummaryStatistics"),
        ):
            selecting = {**request, "EntitySelectorExpression": selector}
            rows = service.ok(operation, selecting)["TimeSeriesServiceStatistics"]
            total = sum(row[member]["TotalCount"] for row in rows)
            faults = sum(row[member]["FaultStatistics"]["TotalCount"] for row in rows)
            expect(f"{selector} by {period} s", (total, faults) == (40, 10), rows)
            counted = sum(entry["Count"] for row in rows for entry in row["ResponseTimeHistogram"])
            expect(f"histogram of {selector}", counted == 40, rows)


def settings():
    groups = service.ok("GetGroups", {})["Groups"]
    expect("groups", all(g["GroupName"] and g["GroupARN"] for g in groups), groups)
    for states in ([], ["ACTIVE"], ["CLOSED"]):
        request = {**WINDOW, "GroupName": "Default", "States": states, "MaxResults": 50}
        for insight in service.ok("GetInsightSummaries", request)["InsightSummaries"]:
            expect("an insight's services", insight["TopAnomalousServices"][0], insight)
            expect("its root cause", insight["RootCauseServiceId"]["Name"], insight)
    service.ok("GetSamplingRules", {})
    service.ok("GetSamplingStatisticSummaries", {})


send()
ids = trace_list()
one_trace(ids[0])
graph(service.ok("GetServiceGraph", {**WINDOW, "GroupName": "Default"})["Services"])
series()
settings()
print(json.dumps({"findings": findings}))
