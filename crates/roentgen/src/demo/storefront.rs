//! Looking around and paying: mesh proxy → cart service → PostgreSQL; the web shop on its own machine →
//! payments (a traced HTTP service) and exchange rates (untraced); a graph query.

use serde_json::{Value, json};

use super::document::{Span, entity, exception, flags, http, sdk, with};
use super::incident::Incident;
use super::journeys::Journey;

/// A look into the cart: proxy → container → database.
pub(crate) fn browse_cart(journey: &mut Journey) {
    let (proxy, upstream, cart) = (journey.id(), journey.id(), journey.id());
    let query = query_ms(journey);
    let whole = journey.span(0, query + 22);
    let missing = journey.chance(0.04);
    let status = if missing { 404 } else { 200 };
    let url = format!(
        "http://cart.shop.local:8080/items/{}",
        journey.pick(&[7, 12, 31, 40, 55])
    );
    let call = entity(
        "cart.shop.local:8080",
        &upstream,
        whole.inner(2, 1),
        json!({
            "type": "subsegment", "parent_id": proxy, "namespace": "remote", "http": http("GET", &url, status),
            "annotations": {"direction": "egress", "component": "proxy", "upstream_cluster": "cart"},
        }),
    );
    journey.send(with(call, flags(status)), whole);
    let ingress = entity(
        "shop/cart-node",
        &proxy,
        whole,
        json!({
            "origin": "AWS::AppMesh::Proxy",
            "aws": {"app_mesh": {"mesh_name": "shop", "virtual_node_name": "cart-node"}},
            "http": {"request": {"url": url, "method": "GET", "user_agent": "shop-app/3.1", "client_ip": "10.0.3.4", "x_forwarded_for": false},
                     "response": {"status": status, "content_length": 512}},
            "annotations": {"direction": "ingress", "component": "proxy", "response_flags": "-"},
        }),
    );
    journey.send(with(ingress, flags(status)), whole);
    let own = whole.inner(4, 3);
    let database = database_call(journey, own.inner(5, 4));
    let (xray, service) = sdk("Python", "CPython", "1.8.2");
    let tier = journey.pick(&["gold", "silver", "basic"]);
    let segment = entity(
        "cart",
        &cart,
        own,
        json!({
            "parent_id": upstream,
            "origin": "AWS::ECS::Container",
            "http": http("GET", &url, status),
            "aws": {"ecs": {"container": "ip-10-0-1-9", "container_id": "3f2e1d0c9b8a", "container_arn": "arn:aws:ecs:eu-west-1:111122223333:container/abcd"},
                    "ec2": {"availability_zone": journey.pick(&["eu-west-1a", "eu-west-1b"]), "instance_id": "i-0abc1234def567890"},
                    "xray": xray},
            "service": service,
            "annotations": {"tier": tier, "items": journey.pick(&[1, 2, 5])},
            "metadata": {"default": {"cart": {"currency": "EUR", "vouchers": []}}},
            "subsegments": [database],
        }),
    );
    journey.send(with(segment, flags(status)), own);
}

/// How long the cart's query takes; ten times as long while the database is slow.
fn query_ms(journey: &mut Journey) -> i64 {
    let usual = journey.latency_ms(9);
    if journey.incident == Incident::SlowDatabase {
        usual * 10 + 250
    } else {
        usual
    }
}

fn database_call(journey: &mut Journey, span: Span) -> Value {
    entity(
        "carts@db.shop.local",
        &journey.id(),
        span,
        json!({
            "namespace": "remote",
            "sql": {"url": "postgresql://db.shop.local:5432/carts", "database_type": "PostgreSQL", "database_version": "15.8",
                    "driver_version": "3.2", "user": "cart", "preparation": "statement",
                    "sanitized_query": "SELECT item, amount FROM cart WHERE owner = ?"},
        }),
    )
}

/// A checkout in the web shop: payments and exchange rates.
pub(crate) fn checkout(journey: &mut Journey) {
    let (web, payment, rates, span) = (
        journey.id(),
        journey.id(),
        journey.id(),
        journey.latency_ms(140),
    );
    let failing = journey.incident == Incident::FailingPayments && journey.chance(0.7);
    let declined = !failing && journey.chance(0.05);
    let status = if failing {
        503
    } else if declined {
        402
    } else {
        200
    };
    let whole = journey.span(0, span + 70);
    let paying = whole.inner(30, 12);
    let trouble = if failing {
        exception(
            &mut journey.random,
            "PaymentsUnavailable",
            "payments answered 503",
            true,
        )
    } else {
        json!({})
    };
    let call = entity(
        "pay.shop.example",
        &payment,
        paying,
        json!({
            "namespace": "remote", "http": http("POST", "https://pay.shop.example/charges", status),
        }),
    );
    let call = with(with(call, flags(status)), trouble);
    let exchange = entity(
        "rates.example",
        &rates,
        whole.inner(8, span + 40),
        json!({
            "namespace": "remote", "http": http("GET", "https://rates.example/eur", 200),
        }),
    );
    let answer = if failing { 502 } else { status };
    let segment = entity(
        "shop-web",
        &web,
        whole,
        json!({
            "subsegments": [exchange, call],
            "http": {"request": {"method": "POST", "url": "https://shop.example/checkout", "client_ip": "203.0.113.9", "user_agent": "Mozilla/5.0"},
                     "response": {"status": answer, "content_length": 431}},
        }),
    );
    let segment = with(with(segment, web_host(journey)), flags(answer));
    journey.send(segment, whole);
    pay(journey, &payment, paying.inner(4, 3), failing, status);
}

/// The payment service's own segment.
fn pay(journey: &mut Journey, parent: &str, span: Span, failing: bool, status: u16) {
    let (pay, ledger) = (journey.id(), journey.id());
    let (xray, service) = sdk("Java", "OpenJDK 64-Bit Server VM", "4.0.1");
    let entry = entity(
        "DynamoDB",
        &ledger,
        span.inner(3, 3),
        json!({
            "namespace": "aws", "http": {"response": {"status": 200, "content_length": 61}},
            "aws": {"operation": "UpdateItem", "region": "eu-west-1", "table_name": "ledger", "request_id": journey.id(), "resource_names": ["ledger"]},
        }),
    );
    let segment = entity(
        "pay",
        &pay,
        span,
        json!({
            "parent_id": parent,
            "http": http("POST", "https://pay.shop.example/charges", status),
            "aws": {"xray": xray}, "service": service,
            "annotations": {"provider": journey.pick(&["card", "transfer"]), "amount": journey.pick(&[12.5, 49.9, 120.0])},
            "subsegments": [entry],
        }),
    );
    let outcome = if failing {
        exception(
            &mut journey.random,
            "AcquirerTimeout",
            "the acquirer did not answer within 2 s",
            false,
        )
    } else {
        json!({})
    };
    journey.send(with(with(segment, flags(status)), outcome), span);
}

/// The home page of the web shop.
pub(crate) fn home_page(journey: &mut Journey) {
    let (web, render) = (journey.id(), journey.id());
    let whole = journey.latency_ms(35);
    let span = journey.span(0, whole);
    let rendering = entity(
        "render",
        &render,
        span.inner(2, 1),
        json!({"metadata": {"default": {"template": "home.html"}}}),
    );
    let segment = entity(
        "shop-web",
        &web,
        span,
        json!({
            "http": {"request": {"method": "GET", "url": "https://shop.example/", "client_ip": "203.0.113.9", "user_agent": "Mozilla/5.0"},
                     "response": {"status": 200, "content_length": 18_211}},
            "subsegments": [rendering],
        }),
    );
    let host = web_host(journey);
    journey.send(with(segment, host), span);
}

/// Where the web shop runs: a Beanstalk environment on one machine.
fn web_host(journey: &mut Journey) -> Value {
    let (xray, service) = sdk("Node.js", "node", "1.8.2");
    json!({
        "origin": "AWS::ElasticBeanstalk::Environment",
        "user": journey.pick(&["u-17", "u-23", "u-42"]),
        "aws": {"elastic_beanstalk": {"environment_name": "shop-prod", "version_label": "v42", "deployment_id": 42},
                "ec2": {"instance_id": "i-0fedc4321ba098765", "availability_zone": "eu-west-1b", "instance_size": "m7g.large", "ami_id": "ami-0123456789abcdef0"},
                "cloudwatch_logs": [{"log_group": "/shop/web", "arn": "arn:aws:logs:eu-west-1:111122223333:log-group:/shop/web"}],
                "xray": xray},
        "service": service,
    })
}

/// A query of the shop's graph API.
pub(crate) fn graph_query(journey: &mut Journey) {
    let (graph, resolver, table) = (journey.id(), journey.id(), journey.id());
    let whole = journey.latency_ms(80);
    let span = journey.span(0, whole + 40);
    let read = entity(
        "DynamoDB",
        &table,
        span.inner(15, 15),
        json!({
            "namespace": "aws", "aws": {"operation": "GetItem", "table_name": "orders"},
        }),
    );
    let resolving = entity(
        "Query.order",
        &resolver,
        span.inner(10, 8),
        json!({"subsegments": [read]}),
    );
    let segment = entity(
        "shop-graph",
        &graph,
        span,
        json!({
            "origin": "AWS::AppSync::GraphQLAPI",
            "http": http("POST", "https://graph.example/graphql", 200),
            "metadata": {"default": {"operation": "query", "resolverCount": 2}},
            "subsegments": [resolving],
        }),
    );
    journey.send(segment, span);
}
