//! `http`, flags, `aws`, `sql`, `origin`, `service`, `user` (otlp.md 5).

use serde_json::{Value, json};

use super::{
    MapSettings, PARENT, document_of, document_on, documents, documents_of, request, span,
};

#[expect(clippy::needless_pass_by_value, reason = "made where it is passed")]
fn http(kind: i32, attributes: Value) -> Value {
    document_of(json!({"kind": kind, "attributes": attributes}))["http"].clone()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn urls_are_put_together() {
    let cases: &[(i32, Value, &str)] = &[
        (
            2,
            json!({"url.full": "https://a/b", "http.url": "http://c"}),
            "https://a/b",
        ),
        (
            2,
            json!({"http.scheme": "https", "http.host": "h:99", "http.target": "/t?q=1"}),
            "https://h:99/t?q=1",
        ),
        (
            2,
            json!({"http.server_name": "s", "net.host.port": 8080}),
            "http://s:8080/",
        ),
        (
            2,
            json!({"net.host.name": "n", "server.address": "s", "url.path": "/p"}),
            "http://n/p",
        ),
        (
            2,
            json!({"server.address": "s", "host.name": "h", "server.port": "443", "url.scheme": "https"}),
            "https://s/",
        ),
        (
            2,
            json!({"host.name": "h", "url.scheme": "http", "net.host.port": 80}),
            "http://h/",
        ),
        (
            2,
            json!({"server.address": "::1", "server.port": 8080, "url.path": "/"}),
            "http://[::1]:8080/",
        ),
        (
            2,
            json!({"server.address": "127.0.0.1:5000", "server.port": 5000, "url.path": "/p"}),
            "http://127.0.0.1:5000/p",
        ),
        (
            3,
            json!({"server.address": "[::1]:5000", "server.port": 5000, "http.method": "GET"}),
            "http://[::1]:5000/",
        ),
        (
            2,
            json!({"server.address": "s", "url.path": "/p", "url.query": "?a=b"}),
            "http://s/p?a=b",
        ),
        (
            2,
            json!({"server.address": "s", "url.path": "/p?x=y", "url.query": "a=b"}),
            "http://s/p?x=y&a=b",
        ),
        (
            3,
            json!({"net.peer.name": "p", "net.peer.ip": "10.0.0.1", "net.peer.port": 81, "http.target": "t"}),
            "http://p:81/t",
        ),
        (
            3,
            json!({"net.peer.ip": "10.0.0.1", "http.method": "GET"}),
            "http://10.0.0.1/",
        ),
        (
            3,
            json!({"server.address": "s", "server.port": 8443, "url.scheme": "https"}),
            "https://s:8443/",
        ),
        (
            3,
            json!({"network.peer.address": "10.0.0.2", "http.method": "GET"}),
            "http://10.0.0.2/",
        ),
    ];
    for (kind, attributes, url) in cases {
        let http = http(*kind, attributes.clone());
        assert_eq!(http["request"]["url"], *url, "{attributes}");
    }
    let without_host = http(3, json!({"http.method": "GET", "url.path": "/x"}));
    assert!(without_host["request"].get("url").is_none());
}

#[test]
fn clients_and_proxies() {
    let request = |attributes: Value| {
        let http = http(2, attributes);
        (
            http["request"]["client_ip"].clone(),
            http["request"]["x_forwarded_for"].clone(),
        )
    };
    let (ip, proxied) = (json!("1.2.3.4"), json!(true));
    assert_eq!(
        request(json!({"http.client_ip": "1.2.3.4"})),
        (ip.clone(), proxied.clone())
    );
    assert_eq!(
        request(json!({"client.address": "1.2.3.4", "network.peer.address": "10.0.0.1"})),
        (ip.clone(), proxied)
    );
    assert_eq!(
        request(json!({"client.address": "1.2.3.4", "network.peer.address": "1.2.3.4"})),
        (ip.clone(), Value::Null)
    );
    assert_eq!(
        request(json!({"http.method": "GET", "net.peer.ip": "1.2.3.4"})),
        (ip.clone(), Value::Null)
    );
    // A name is no address.
    assert_eq!(
        request(
            json!({"client.address": "host", "network.peer.address": "1.2.3.4", "http.method": "GET"})
        ),
        (ip, Value::Null)
    );
    assert_eq!(
        http(
            2,
            json!({"client.address": "host", "network.peer.address": "1.2.3.4"})
        ),
        Value::Null
    );
}

#[test]
fn methods_agents_and_responses() {
    let both = http(
        3,
        json!({"http.request.method": "PUT", "http.method": "GET",
        "user_agent.original": "new", "http.user_agent": "old",
        "http.response.status_code": 201, "http.status_code": 500}),
    );
    assert_eq!(
        both["request"],
        json!({"method": "PUT", "user_agent": "new"})
    );
    assert_eq!(both["response"], json!({"status": 201}));
    let other = http(
        3,
        json!({"http.request.method": "_OTHER", "http.request.method_original": "BREW"}),
    );
    assert_eq!(other["request"]["method"], "BREW");
    assert_eq!(
        http(3, json!({"http.status_code": "404"}))["response"]["status"],
        404
    );
    let length = |attributes: Value| http(3, attributes)["response"]["content_length"].clone();
    assert_eq!(
        length(json!({"http.status_code": 200, "http.response.body.size": 7})),
        7
    );
    assert_eq!(
        length(json!({"http.status_code": 200, "http.response_content_length": "8"})),
        8
    );
    assert_eq!(
        length(
            json!({"http.status_code": 200, "message.type": "RECEIVED", "messaging.message.body.size": 9})
        ),
        9
    );
    assert_eq!(
        length(json!({"http.status_code": 200, "messaging.message.body.size": 9})),
        Value::Null
    );
    let event = json!({"name": "message", "attributes": super::attributes(
        &json!({"message.type": "RECEIVED", "messaging.message_payload_size_bytes": 10}))});
    let document = document_of(json!({"events": [event], "attributes": {"http.method": "GET"}}));
    assert_eq!(document["http"]["response"]["content_length"], 10);
    assert_eq!(http(3, json!({"net.peer.name": "x"})), Value::Null);
}

#[test]
fn codes_and_status_make_flags() {
    let flags = |code: Option<i64>, status: i64, settings: &MapSettings, extra: Value| {
        let mut attributes = extra;
        if let Some(code) = code {
            attributes["http.response.status_code"] = code.into();
        }
        let members = json!({"status": {"code": status}, "attributes": attributes});
        let document = documents_of(members, settings).remove(0);
        ["error", "fault", "throttle"].map(|flag| document[flag].as_bool().unwrap())
    };
    let plain = |code, status| flags(code, status, &MapSettings::default(), json!({}));
    assert_eq!(plain(None, 0), [false, false, false]);
    assert_eq!(plain(None, 1), [false, false, false]);
    assert_eq!(plain(None, 2), [false, true, false]);
    assert_eq!(plain(Some(200), 2), [false, true, false]);
    assert_eq!(plain(Some(404), 2), [true, false, false]);
    assert_eq!(plain(Some(429), 0), [true, false, true]);
    assert_eq!(plain(Some(500), 0), [false, true, false]);
    assert_eq!(plain(Some(600), 0), [false, false, false]);
    let old_first = json!({"http.status_code": 404});
    assert_eq!(
        flags(Some(500), 0, &MapSettings::default(), old_first),
        [true, false, false]
    );
    let exhausted = || json!({"rpc.grpc.status_code": 8});
    assert_eq!(
        flags(None, 2, &MapSettings::default(), exhausted()),
        [false, true, false]
    );
    let throttling = MapSettings {
        grpc_throttle: true,
        ..MapSettings::default()
    };
    assert_eq!(
        flags(None, 2, &throttling, exhausted()),
        [true, false, true]
    );
}

#[expect(clippy::needless_pass_by_value, reason = "made where it is passed")]
fn call(attributes: Value) -> Value {
    document_of(json!({"kind": 3, "parentSpanId": PARENT, "attributes": attributes}))["aws"].clone()
}

#[test]
fn calls_of_aws() {
    assert_eq!(
        call(
            json!({"aws.account_id": "1", "rpc.method": "Put", "aws.region": "r", "aws.requestId": "q",
            "messaging.url": "u", "aws.dynamodb.table_names": ["a", "b"]})
        ),
        json!({"account_id": "1", "operation": "Put", "region": "r", "request_id": "q",
            "queue_url": "u", "table_names": ["a", "b"]})
    );
    assert_eq!(
        call(
            json!({"aws.operation": "Get", "rpc.method": "Put", "aws.request_id": "p",
            "aws.requestId": "q", "aws.sqs.queue.url": "u", "aws.dynamodb.table_names": "t"})
        ),
        json!({"operation": "Get", "request_id": "p", "queue_url": "u", "table_name": "t"})
    );
    assert_eq!(
        call(json!({"aws.table.name": "t", "aws.queue.url": "u"})),
        json!({"table_name": "t", "queue_url": "u"})
    );
    assert_eq!(call(json!({})), Value::Null);
}

fn on(resource: Value) -> Value {
    document_on(resource, json!({"kind": 2}))
}

#[test]
fn hosts_of_aws() {
    let ec2 = on(
        json!({"cloud.provider": "aws", "cloud.platform": "aws_ec2", "host.id": "i-1",
        "cloud.availability_zone": "z", "host.type": "t", "host.image.id": "ami", "cloud.account.id": "1"}),
    );
    assert_eq!(ec2["origin"], "AWS::EC2::Instance");
    assert_eq!(
        ec2["aws"],
        json!({"account_id": "1", "ec2": {"instance_id": "i-1", "availability_zone": "z",
            "instance_size": "t", "ami_id": "ami"}})
    );
    let beanstalk = on(
        json!({"cloud.platform": "aws_elastic_beanstalk", "service.instance.id": "23",
        "service.namespace": "env", "service.version": "v"}),
    );
    assert_eq!(beanstalk["origin"], "AWS::ElasticBeanstalk::Environment");
    assert_eq!(
        beanstalk["aws"]["elastic_beanstalk"],
        json!({"deployment_id": 23, "environment_name": "env", "version_label": "v"})
    );
    assert_eq!(beanstalk["service"], json!({"version": "v"}));
    let no_number =
        on(json!({"cloud.platform": "aws_elastic_beanstalk", "service.instance.id": "x"}));
    assert_eq!(no_number["aws"]["elastic_beanstalk"]["deployment_id"], 0);
    let eks = on(
        json!({"cloud.platform": "aws_eks", "k8s.cluster.name": "c", "k8s.pod.name": "p",
        "container.id": "i", "container.image.tags": ["v9"]}),
    );
    assert_eq!(eks["origin"], "AWS::EKS::Container");
    assert_eq!(
        eks["aws"]["eks"],
        json!({"cluster_name": "c", "pod": "p", "container_id": "i"})
    );
    assert_eq!(eks["service"], json!({"version": "v9"}));
    let origins = [
        (
            json!({"cloud.platform": "aws_ecs", "aws.ecs.launchtype": "EC2"}),
            Some("AWS::ECS::EC2"),
        ),
        (
            json!({"cloud.platform": "aws_ecs", "aws.ecs.launchtype": "fargate"}),
            Some("AWS::ECS::Fargate"),
        ),
        (
            json!({"cloud.platform": "aws_ecs"}),
            Some("AWS::ECS::Container"),
        ),
        (
            json!({"cloud.platform": "aws_app_runner"}),
            Some("AWS::AppRunner::Service"),
        ),
        (
            json!({"cloud.platform": "gcp_x", "cloud.provider": "gcp"}),
            None,
        ),
        (
            json!({"cloud.platform": "aws_ec2", "cloud.provider": "gcp"}),
            None,
        ),
        (json!({"service.name": "x"}), None),
        (json!({}), None),
    ];
    for (resource, origin) in origins {
        assert_eq!(
            on(resource.clone())["origin"].as_str(),
            origin,
            "{resource}"
        );
    }
}

#[test]
fn other_clouds_have_no_aws_and_keep_their_attributes() {
    let members = json!({"kind": 3, "attributes": {"aws.span.kind": "LOCAL_ROOT", "rpc.method": "M",
        "aws.local.service": "s"}});
    let request = request(
        &json!({"cloud.provider": "gcp", "host.id": "h"}),
        &[span(members)],
    );
    let all = documents(&request, &MapSettings::default());
    assert!(all.iter().all(|document| document.get("aws").is_none()));
    assert_eq!(all[1]["metadata"]["default"]["rpc.method"], "M");
}

#[test]
fn sdk_and_log_groups() {
    let sdk = on(
        json!({"telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "go",
        "telemetry.sdk.version": "1", "telemetry.auto.version": "2"}),
    );
    assert_eq!(
        sdk["aws"]["xray"],
        json!({"sdk": "opentelemetry for go", "sdk_version": "1", "auto_instrumentation": true})
    );
    let said = on(json!({"telemetry.sdk.name": "X for go", "telemetry.sdk.language": "go"}));
    assert_eq!(
        said["aws"]["xray"],
        json!({"sdk": "X for go", "auto_instrumentation": false})
    );
    let names = on(json!({"aws.log.group.names": "a&b"}));
    assert_eq!(
        names["aws"]["cloudwatch_logs"],
        json!([{"log_group": "a"}, {"log_group": "b"}])
    );
    let arns = on(
        json!({"aws.log.group.names": ["x"], "aws.log.group.arns": ["arn:aws:logs:r:1:log-group:/g"]}),
    );
    assert_eq!(
        arns["aws"]["cloudwatch_logs"],
        json!([{"arn": "arn:aws:logs:r:1:log-group:/g", "log_group": "/g"}])
    );
    let settings = MapSettings {
        log_groups: vec!["/default".to_owned()],
        ..MapSettings::default()
    };
    let document = documents_of(json!({}), &settings).remove(0);
    assert_eq!(
        document["aws"]["cloudwatch_logs"],
        json!([{"log_group": "/default"}])
    );
}

#[test]
fn sql_of_both_generations() {
    let sql = |attributes: Value| {
        let members =
            json!({"kind": 3, "name": "SELECT", "parentSpanId": PARENT, "attributes": attributes});
        document_of(members)
    };
    let old =
        sql(json!({"db.system": "mysql", "db.name": "d", "db.user": "u", "db.statement": "S"}));
    assert_eq!(
        old["sql"],
        json!({"url": "SELECT", "connection_string": "localhost/d", "database_type": "mysql",
            "user": "u", "sanitized_query": "S"})
    );
    assert!(old.get("metadata").is_none());
    let stable = sql(
        json!({"db.system.name": "microsoft.sql_server", "db.namespace": "d",
        "db.query.text": "S", "server.address": "h", "server.port": 1433}),
    );
    assert_eq!(stable["sql"]["connection_string"], "h:1433/d");
    assert!(stable.get("metadata").is_none());
    let redis = sql(json!({"db.system": "redis", "db.statement": "GET"}));
    assert!(redis.get("sql").is_none());
    assert_eq!(redis["metadata"]["default"]["db.statement"], "GET");
}

#[test]
fn users() {
    let user = |attributes: Value| document_of(json!({ "attributes": attributes }))["user"].clone();
    assert_eq!(user(json!({"enduser.id": "a", "user.id": "b"})), "a");
    assert_eq!(user(json!({"user.id": "b"})), "b");
}
