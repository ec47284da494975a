//! Ordering: browser → API stage → function (pair of segments) → table and topic → queue → worker in a
//! trace of its own, linked → bucket; and the workflow that fulfils an order.

use serde_json::{Value, json};

use super::document::{Span, entity, exception, flags, http, sdk, trace_id, with};
use super::journeys::Journey;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

/// A customer orders in the browser.
pub(crate) fn place_order(journey: &mut Journey) {
    let browser = journey.id();
    let fetch = journey.id();
    let work = journey.latency_ms(120);
    let cold = journey.chance(0.1);
    let start_up = if cold { 280 } else { 0 };
    let whole = journey.span(0, work + start_up + 60);
    let throttled = journey.chance(0.02);
    let status = if throttled { 502 } else { 201 };
    let call = entity(
        "api.shop.example",
        &fetch,
        whole.inner(6, 4),
        json!({
            "namespace": "remote",
            "http": {"request": {"method": "POST", "url": "https://api.shop.example/orders", "traced": true},
                     "response": {"status": status, "content_length": 84}},
        }),
    );
    let segment = entity(
        "shop-frontend",
        &browser,
        whole,
        json!({
            "origin": "AWS::RUM::AppMonitor",
            "user": format!("customer-{}", journey.id().get(..2).unwrap_or("0")),
            "subsegments": [with(call, flags(status))],
        }),
    );
    journey.send(segment, whole);
    let stage = whole.inner(14, 12);
    let integration = api_stage(journey, &fetch, stage, status);
    let function = invocation(
        journey,
        "create-order",
        &integration,
        stage.inner(5, 5),
        start_up,
        throttled,
    );
    let told = write_order(journey, &function, throttled);
    if let Some(told) = told {
        bill(journey, &told);
    }
}

/// The stage in front of the function; returns the id of its call.
fn api_stage(journey: &mut Journey, parent: &str, span: Span, status: u16) -> String {
    let (stage, call) = (journey.id(), journey.id());
    let url = "https://ab12cd34ef.execute-api.example/prod/orders";
    let invoke = entity(
        "Lambda",
        &call,
        span.inner(3, 2),
        json!({
            "namespace": "aws",
            "http": http("POST", "https://lambda.eu-west-1.example/functions/create-order/invocations", 200),
            "aws": {"operation": "Invoke", "region": REGION, "function_name": "create-order", "resource_names": ["create-order"]},
        }),
    );
    let segment = entity(
        "orders-api/prod",
        &stage,
        span,
        json!({
            "parent_id": parent,
            "origin": "AWS::ApiGateway::Stage",
            "resource_arn": format!("arn:aws:apigateway:{REGION}::/restapis/ab12cd34ef/stages/prod"),
            "http": {"request": {"method": "POST", "url": url, "client_ip": "198.51.100.7", "x_forwarded_for": true, "user_agent": "shop-app/3.1"},
                     "response": {"status": status, "content_length": 0}},
            "aws": {"api_gateway": {"account_id": ACCOUNT, "rest_api_id": "ab12cd34ef", "stage": "prod"}, "xray": {"sampling_rule_name": "Default"}},
            "annotations": {"aws:api_id": "ab12cd34ef", "aws:api_stage": "prod"},
            "metadata": {"default": {"extended_request_id": "AbCdEfGhIjKl0="}},
            "subsegments": [invoke],
        }),
    );
    journey.send(with(segment, flags(status)), span);
    call
}

/// The pair of segments of one function call; returns the id and span of `Invocation`.
fn invocation(
    journey: &mut Journey,
    name: &str,
    parent: &str,
    span: Span,
    start_up: i64,
    failed: bool,
) -> (String, Span) {
    let (service, function) = (journey.id(), journey.id());
    let (initialization, invoked, overhead) = (journey.id(), journey.id(), journey.id());
    let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}");
    let status = if failed { 502 } else { 200 };
    let service_segment = entity(
        name,
        &service,
        span,
        json!({
            "parent_id": parent,
            "origin": "AWS::Lambda",
            "resource_arn": arn,
            "http": {"response": {"status": status}},
            "aws": {"request_id": journey.id()},
        }),
    );
    journey.send(with(service_segment, flags(status)), span);
    let own = span.inner(4 + start_up, 1);
    let running = own.inner(0, 6);
    let part = |name: &str, id: &str, span: Span| {
        entity(name, id, span, json!({"aws": {"function_arn": arn}}))
    };
    let mut parts: Vec<Value> = Vec::new();
    if start_up > 0 {
        let starting = Span {
            start: span.inner(4, 0).start,
            end: own.start,
        };
        parts.push(part("Initialization", &initialization, starting));
    }
    parts.push(part("Invocation", &invoked, running));
    parts.push(part(
        "Overhead",
        &overhead,
        Span {
            start: running.end,
            end: own.end,
        },
    ));
    let function_segment = entity(
        name,
        &function,
        own,
        json!({
            "parent_id": service,
            "origin": "AWS::Lambda::Function",
            "aws": {"account_id": ACCOUNT, "function_arn": arn, "resource_names": [name]},
            "annotations": {"ColdStart": start_up > 0, "Service": name},
            "subsegments": parts,
        }),
    );
    let outcome = if failed {
        with(
            json!({"fault": true}),
            exception(
                &mut journey.random,
                "OrderRejected",
                "the table is throttled",
                false,
            ),
        )
    } else {
        json!({})
    };
    journey.send(with(function_segment, outcome), own);
    (invoked, running)
}

/// What the function does: writes the order, tells the topic. Returns what the topic told the queue.
fn write_order(
    journey: &mut Journey,
    function: &(String, Span),
    throttled: bool,
) -> Option<(String, Span)> {
    let (parent, span) = function;
    let table_id = journey.id();
    let status = if throttled { 429 } else { 200 };
    let writing = span.inner(5, 30);
    let write = entity(
        "DynamoDB",
        &table_id,
        writing,
        json!({
            "type": "subsegment", "parent_id": parent, "namespace": "aws",
            "http": {"response": {"status": status, "content_length": 2}},
            "aws": {"operation": "PutItem", "region": REGION, "table_name": "orders", "request_id": journey.id(), "retries": u8::from(throttled)},
        }),
    );
    let trouble = if throttled {
        let message = "the throughput of the table is used up";
        with(
            flags(status),
            exception(&mut journey.random, "ThroughputExceeded", message, true),
        )
    } else {
        json!({})
    };
    journey.send(with(write, trouble), writing);
    if throttled {
        return None;
    }
    let (publish, topic, queue) = (journey.id(), journey.id(), journey.id());
    let publishing = Span {
        start: writing.end,
        end: span.end,
    };
    let arn = format!("arn:aws:sns:{REGION}:{ACCOUNT}:order-events");
    let call = entity(
        "SNS",
        &publish,
        publishing,
        json!({
            "type": "subsegment", "parent_id": parent, "namespace": "aws",
            "http": {"response": {"status": 200}},
            "aws": {"operation": "Publish", "region": REGION, "topic_arn": arn, "request_id": journey.id()},
        }),
    );
    journey.send(call, publishing);
    let in_topic = publishing.inner(4, 0);
    let delivery = Span {
        start: in_topic.end,
        end: in_topic.inner(0, -25).end,
    };
    let deliver = entity(
        "SQS",
        &queue,
        delivery,
        json!({
            "namespace": "aws", "http": {"response": {"status": 200}},
            "aws": {"operation": "SendMessage", "queue_url": "https://sqs.eu-west-1.example/111122223333/billing", "message_id": journey.id()},
        }),
    );
    let segment = entity(
        "order-events",
        &topic,
        in_topic,
        json!({
            "parent_id": publish, "origin": "AWS::SNS::Topic", "resource_arn": arn,
            "aws": {"operation": "Publish", "topic_arn": arn},
            "subsegments": [deliver],
        }),
    );
    journey.send(segment, delivery);
    Some((queue, delivery))
}

/// A worker takes the message: its own trace, linked to the one that sent it.
fn bill(journey: &mut Journey, told: &(String, Span)) {
    let (message, sent) = told;
    let age = journey.latency_ms(400);
    let work = journey.latency_ms(90);
    let start = sent.inner(0, -age).end;
    let span = Span { start, end: start }.inner(0, -work);
    let trace = trace_id(&mut journey.random, start);
    let (worker, put, announce) = (journey.id(), journey.id(), journey.id());
    let panicked = journey.chance(0.005);
    let store = entity(
        "S3",
        &put,
        span.inner(8, 14),
        json!({
            "namespace": "aws", "http": {"response": {"status": 200, "content_length": 0}},
            "aws": {"operation": "PutObject", "region": REGION, "bucket_name": "invoices", "key": "2026/11/0042.pdf", "id_2": "Zm9vYmFy", "retries": 0, "resource_names": ["invoices"]},
        }),
    );
    let events = entity(
        "Events",
        &announce,
        span.inner(work - 12, 2),
        json!({
            "namespace": "aws", "http": {"response": {"status": 200}},
            "aws": {"operation": "PutEvents", "region": REGION, "request_id": journey.id()},
        }),
    );
    let (xray, service) = sdk("Go", "go1.26", "2.3.0");
    let segment = entity(
        "mail-worker",
        &worker,
        span,
        json!({
            "links": [{"trace_id": journey.trace.to_string(), "id": message, "attributes": {"messaging.system": "sqs"}}],
            "annotations": {"queue": "billing", "batch_size": 3},
            "aws": {"xray": xray}, "service": service,
            "subsegments": [store, events],
        }),
    );
    let outcome = if panicked {
        with(
            json!({"fault": true}),
            exception(
                &mut journey.random,
                "panic",
                "index out of range [3] with length 3",
                false,
            ),
        )
    } else {
        json!({})
    };
    journey.send_for(trace, with(segment, outcome), span.end);
}

/// A state machine fulfils an order over seconds; the first version of its segment is in progress.
pub(crate) fn fulfil_order(journey: &mut Journey) {
    let (machine, reserve, invoke, charge) =
        (journey.id(), journey.id(), journey.id(), journey.id());
    let span = journey.span(0, 4_900);
    let declined = journey.chance(0.3);
    let about = json!({
        "origin": "AWS::StepFunctions::StateMachine",
        "resource_arn": format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:fulfil-order"),
        "aws": {"execution_arn": format!("arn:aws:states:{REGION}:{ACCOUNT}:execution:fulfil-order:run-17")},
    });
    journey.send_in_progress("fulfil-order", &machine, span, about.clone());
    let call = entity(
        "Lambda",
        &invoke,
        journey.span(30, 1_260),
        json!({
            "namespace": "aws", "http": {"response": {"status": 200}},
            "aws": {"operation": "Invoke", "function_name": "reserve-stock"},
        }),
    );
    let reserving = entity(
        "ReserveStock",
        &reserve,
        journey.span(20, 1_280),
        json!({"subsegments": [call]}),
    );
    let charging = entity(
        "ChargeCard",
        &charge,
        journey.span(1_310, 3_570),
        flags(if declined { 402 } else { 200 }),
    );
    let complete = with(
        entity("fulfil-order", &machine, span, about),
        json!({"subsegments": [reserving, charging]}),
    );
    journey.send(complete, span);
    let reserved = journey.span(40, 1_200);
    invocation(journey, "reserve-stock", &invoke, reserved, 0, false);
}
