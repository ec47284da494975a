//! Applications with OpenTelemetry's SDKs, unchanged: automatic instrumentation, exporters over gRPC and
//! HTTP, random trace ids and X-Ray's, X-Ray's propagator and remote sampler, AWS's distribution. What they
//! send is searched as any trace, is on the map, and is one trace with what X-Ray's SDKs send.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use roentgen_tests::{
    Application, Client, Server, eventually, go_otel, java_otel, node, now_secs, python,
    with_server,
};
use serde_json::{Value, json};

use super::sdk::{decides, get, graph_shows, rule, trace_id};

const FLASK: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/clients/python/otel_flask_app.py"
);

/// How long after its acknowledged export a search may miss a trace, as the README promises.
const FOUND_WITHIN: Duration = Duration::from_secs(1);

/// How spans travel.
#[derive(Debug, Clone, Copy)]
enum Over {
    Grpc,
    Protobuf,
    Json,
}

impl Over {
    /// The variables of every SDK that choose the exporter.
    fn variables(self, server: &Server) -> Result<Vec<(&'static str, String)>> {
        let (protocol, address) = match self {
            Over::Grpc => ("grpc", server.otlp_grpc()?),
            Over::Protobuf => ("http/protobuf", server.otlp_http()?),
            Over::Json => ("http/json", server.otlp_http()?),
        };
        Ok(vec![
            ("OTEL_TRACES_EXPORTER", "otlp".to_owned()),
            ("OTEL_METRICS_EXPORTER", "none".to_owned()),
            ("OTEL_LOGS_EXPORTER", "none".to_owned()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.to_owned()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}")),
        ])
    }
}

type Variables = Vec<(&'static str, String)>;

/// OpenTelemetry's own distribution for Python, beside which AWS's is installed.
const STOCK: [(&str, &str); 2] = [
    ("OTEL_PYTHON_DISTRO", "distro"),
    ("OTEL_PYTHON_CONFIGURATOR", "configurator"),
];

const AWS_DISTRIBUTION: [(&str, &str); 2] = [
    ("OTEL_PYTHON_DISTRO", "aws_distro"),
    ("OTEL_PYTHON_CONFIGURATOR", "aws_configurator"),
];

fn flask(clients: &Client, distribution: &[(&str, &str)], more: Variables) -> Result<Application> {
    let mut command = clients.command("opentelemetry-instrument");
    command.args(["python", FLASK]);
    command.env("OTEL_SERVICE_NAME", "otel-flask");
    command.env("OTEL_PYTHON_FLASK_EXCLUDED_URLS", "flushed");
    command.envs(distribution.iter().copied()).envs(more);
    clients.start(&mut command)
}

fn express(clients: &Client, more: Variables) -> Result<Application> {
    let mut command = clients.command("node/otel_express_app.js");
    command.env("OTEL_SERVICE_NAME", "otel-express").envs(more);
    clients.start(&mut command)
}

/// X-Ray's ids, propagation and sampling for the application in Node.
fn aws(server: &Server) -> Variables {
    let endpoint = format!("http://{}", server.daemon());
    vec![("AWS", "1".to_owned()), ("XRAY_ENDPOINT", endpoint)]
}

fn owned(variables: &[(&'static str, &str)]) -> Variables {
    let owned = |(name, value): &(&'static str, &str)| (*name, (*value).to_owned());
    variables.iter().map(owned).collect()
}

/// Waits until all that the application has ended is acknowledged.
fn flush(application: &Application) -> Result<()> {
    let answer = get(application, "/flushed", &[])?;
    ensure!(answer["flushed"] == true, "{answer}");
    Ok(())
}

/// The one trace that `filter` finds, at once.
fn found(server: &Server, filter: &str) -> Result<Value> {
    let request = json!({
        "StartTime": now_secs() - 600, "EndTime": now_secs() + 60, "FilterExpression": filter,
    });
    let summaries = eventually(filter, FOUND_WITHIN, || {
        let answer = server.ask("TraceSummaries", &request)?;
        let summaries = answer["TraceSummaries"].as_array().cloned();
        Ok(summaries.filter(|summaries| !summaries.is_empty()))
    })?;
    ensure!(summaries.len() == 1, "`{filter}` finds {summaries:#?}");
    Ok(summaries[0].clone())
}

/// The trace id of an application's answer as X-Ray writes it.
fn id_of(answer: &Value) -> Result<String> {
    let hex = answer["trace"].as_str().context("find the trace id")?;
    let (time, rest) = hex.split_at_checked(8).context("split the trace id")?;
    Ok(format!("1-{time}-{rest}"))
}

/// Whether a trace id begins with the time, as X-Ray's do and random ones do not.
fn begins_with_time(id: &str) -> Result<bool> {
    let time = id.split('-').nth(1).context("find the id's time")?;
    Ok(now_secs().abs_diff(u64::from_str_radix(time, 16)?) < 600)
}

/// Asks the application for everything, waits as `leaves` says until its spans are acknowledged, of which
/// it is given the last one's trace, and finds each trace by what it says.
fn is_searchable_after(
    server: &Server,
    application: &Application,
    leaves: impl FnOnce(&str) -> Result<()>,
) -> Result<String> {
    let checkout = id_of(&get(application, "/checkout", &[])?)?;
    get(application, "/broken", &[])?;
    let missing = id_of(&get(application, "/missing", &[])?)?;
    let busy = id_of(&get(application, "/busy", &[])?)?;
    leaves(&busy)?;
    let is = |filter: &str, id: &str| -> Result<()> {
        let summary = found(server, filter)?;
        ensure!(
            summary["Id"] == id,
            "`{filter}` finds {summary:#}, not {id}"
        );
        Ok(())
    };
    is("http.url ENDSWITH \"/checkout\" AND ok", &checkout)?;
    is(
        "annotation.order = \"o-1\" AND annotation.amount = 19.99 AND annotation.is_gift = true",
        &checkout,
    )?;
    is("http.status = 404 AND error AND !fault", &missing)?;
    is("http.status = 429 AND throttle", &busy)?;
    let broken = found(server, "fault AND http.url ENDSWITH \"/broken\"")?;
    ensure!(broken["Http"]["HttpStatus"] == 500, "{broken:#}");
    let causes = broken["FaultRootCauses"].to_string();
    ensure!(
        causes.contains("the shelf is empty: Überraschung"),
        "{broken:#}"
    );
    Ok(checkout)
}

fn is_searchable(server: &Server, application: &Application) -> Result<String> {
    is_searchable_after(server, application, |_| flush(application))
}

fn flask_is_searchable(
    distribution: &[(&str, &str)],
    over: Over,
    more: &[(&'static str, &str)],
) -> Result<()> {
    let Some(clients) = python()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let variables = [over.variables(server)?, owned(more)].concat();
        let application = flask(&clients, distribution, variables)?;
        let checkout = is_searchable(server, &application)?;
        let is_x_ray = more
            .iter()
            .any(|(name, _)| *name == "OTEL_PYTHON_ID_GENERATOR");
        let is_x_ray = is_x_ray || distribution == AWS_DISTRIBUTION;
        ensure!(begins_with_time(&checkout)? == is_x_ray, "{checkout}");
        let by_user = found(server, "user = \"user-4711\"")?;
        ensure!(by_user["Id"] == checkout.as_str(), "{by_user:#}");
        graph_shows(
            server,
            &[
                ("otel-flask", "127.0.0.1", "remote"),
                ("otel-flask", "SELECT", "Database::SQL"),
                ("otel-flask", "orders", "AWS::DynamoDB::Table"),
                ("otel-flask", "otel-flask", ""),
                ("otel-flask (client)", "otel-flask", ""),
            ],
        )
    })
}

#[test]
fn opentelemetry_flask_over_grpc_is_searchable_at_once_and_on_the_map() -> Result<()> {
    flask_is_searchable(
        &STOCK,
        Over::Grpc,
        &[("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")],
    )
}

#[test]
fn opentelemetry_flask_with_ids_of_x_ray_over_http_is_searchable_and_on_the_map() -> Result<()> {
    flask_is_searchable(
        &STOCK,
        Over::Protobuf,
        &[
            ("OTEL_PYTHON_ID_GENERATOR", "xray"),
            ("OTEL_PROPAGATORS", "xray"),
            // The other generation of names.
            ("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ],
    )
}

#[test]
fn aws_distribution_for_python_is_searchable_at_once_and_on_the_map() -> Result<()> {
    flask_is_searchable(&AWS_DISTRIBUTION, Over::Protobuf, &[])
}

#[test]
fn aws_distribution_for_python_follows_a_sampling_rule_changed_while_it_runs() -> Result<()> {
    let Some(clients) = python()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let endpoint = format!("endpoint=http://{}", server.daemon());
        let sampler = [
            ("OTEL_TRACES_SAMPLER", "xray"),
            ("OTEL_TRACES_SAMPLER_ARG", &*endpoint),
        ];
        let variables = [Over::Protobuf.variables(server)?, owned(&sampler)].concat();
        follows_a_changed_rule(server, || flask(&clients, &AWS_DISTRIBUTION, variables))
    })
}

/// As in Lambda: spans in datagrams to the daemon's port, with names of Application Signals.
#[test]
fn aws_distribution_for_python_in_lambda_sends_datagrams() -> Result<()> {
    let Some(clients) = python()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let daemon = server.daemon().to_string();
        let variables = [
            ("AWS_LAMBDA_FUNCTION_NAME", "shop"),
            ("AWS_XRAY_DAEMON_ADDRESS", &*daemon),
            ("OTEL_AWS_APPLICATION_SIGNALS_ENABLED", "true"),
            ("OTEL_AWS_SERVICE_EVENTS_ENABLED", "false"),
            ("OTEL_TRACES_EXPORTER", "otlp"),
            ("OTEL_METRICS_EXPORTER", "none"),
            ("OTEL_LOGS_EXPORTER", "none"),
        ];
        let application = flask(&clients, &AWS_DISTRIBUTION, owned(&variables))?;
        let id = id_of(&get(&application, "/pay", &[])?)?;
        flush(&application)?;
        let summary = found(
            server,
            "service(\"otel-flask\") AND annotation[span.kind] = \"SERVER\"",
        )?;
        ensure!(summary["Id"] == id.as_str(), "{summary:#}");
        Ok(())
    })
}

fn express_is_searchable(over: Over, more: impl FnOnce(&Server) -> Variables) -> Result<()> {
    let Some(clients) = node()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let everything = rule("everything", "*", 1.0);
        server.ask("CreateSamplingRule", &everything)?;
        let more = more(server);
        let is_x_ray = more == aws(server);
        let variables = [over.variables(server)?, more].concat();
        let application = express(&clients, variables)?;
        // Until it has the rules, X-Ray's sampler keeps but some.
        decides(&application, "/measured", 1)?;
        let checkout = is_searchable(server, &application)?;
        ensure!(begins_with_time(&checkout)? == is_x_ray, "{checkout}");
        graph_shows(
            server,
            &[
                ("otel-express", "127.0.0.1", "remote"),
                ("otel-express", "otel-express", ""),
                ("otel-express (client)", "otel-express", ""),
            ],
        )
    })
}

#[test]
fn opentelemetry_express_over_grpc_with_all_of_x_ray_is_searchable_and_on_the_map() -> Result<()> {
    express_is_searchable(Over::Grpc, aws)
}

#[test]
fn opentelemetry_express_over_http_is_searchable_and_on_the_map() -> Result<()> {
    express_is_searchable(Over::Protobuf, |_| Vec::new())
}

/// The page's block as it stands there, with the address that this server tells the page.
#[test]
fn variables_of_getting_started_bring_traces_here() -> Result<()> {
    const PAGE: &str = include_str!("../../console/src/pages/getting-started/ways.ts");
    let Some(clients) = node()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let request = roentgen_tests::http_request("GET", "/api/v1/server", &[], b"");
        let told = roentgen_tests::exchange(server.http(), &request)?.body;
        ensure!(told["features"]["otlp"] == true, "{told:#}");
        let (grpc, http) = (
            server.otlp_grpc()?.to_string(),
            server.otlp_http()?.to_string(),
        );
        ensure!(told["addresses"]["otlpGrpc"] == grpc, "{told:#}");
        ensure!(told["addresses"]["otlpHttp"] == http, "{told:#}");
        let mut command = clients.command("node/otel_express_app.js");
        for (name, value) in [
            ("OTEL_SERVICE_NAME", "shop"),
            ("OTEL_TRACES_EXPORTER", "otlp"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "${otlpHttp}"),
        ] {
            ensure!(
                PAGE.contains(&format!("{name}={value}")),
                "the page has another {name}"
            );
            command.env(
                name,
                value.replace("${otlpHttp}", &format!("http://{http}")),
            );
        }
        let application = clients.start(&mut command)?;
        let id = id_of(&get(&application, "/pay", &[])?)?;
        flush(&application)?;
        let summary = found(server, "service(\"shop\")")?;
        ensure!(summary["Id"] == id.as_str(), "{summary:#}");
        Ok(())
    })
}

#[test]
fn opentelemetry_express_in_json_is_searchable_and_on_the_map() -> Result<()> {
    express_is_searchable(Over::Json, |_| {
        owned(&[("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")])
    })
}

#[test]
fn opentelemetry_express_follows_a_sampling_rule_changed_while_it_runs() -> Result<()> {
    let Some(clients) = node()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let variables = [Over::Json.variables(server)?, aws(server)].concat();
        follows_a_changed_rule(server, || express(&clients, variables))
    })
}

fn go_is_searchable(over: Over) -> Result<()> {
    let Some(client) = go_otel()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let mut command = client.command("shop");
        command.env("OTEL_SERVICE_NAME", "otel-go");
        command.envs(over.variables(server)?);
        let application = client.start(&mut command)?;
        let checkout = is_searchable(server, &application)?;
        ensure!(begins_with_time(&checkout)?, "{checkout}");
        graph_shows(
            server,
            &[
                ("otel-go", "127.0.0.1", "remote"),
                ("otel-go", "otel-go", ""),
                ("otel-go (client)", "otel-go", ""),
            ],
        )
    })
}

#[test]
fn opentelemetry_go_over_grpc_is_searchable_and_on_the_map() -> Result<()> {
    go_is_searchable(Over::Grpc)
}

#[test]
fn opentelemetry_go_over_http_is_searchable_and_on_the_map() -> Result<()> {
    go_is_searchable(Over::Protobuf)
}

#[test]
fn opentelemetry_java_agent_is_searchable_and_on_the_map() -> Result<()> {
    let Some(client) = java_otel()? else {
        return Ok(());
    };
    with_server(&[], |server| {
        let mut command = client.command("shop");
        command.env("OTEL_SERVICE_NAME", "otel-java");
        // Nobody can ask the agent to send at once.
        command.env("OTEL_BSP_SCHEDULE_DELAY", "100");
        command.envs(Over::Grpc.variables(server)?);
        let application = client.start(&mut command)?;
        let checkout = is_searchable_after(server, &application, |last| {
            let request = json!({ "TraceIds": [last] });
            eventually("the last trace", Duration::from_secs(20), || {
                let answer = server.ask("Traces", &request)?;
                Ok(answer["Traces"].get(0).map(|_| ()))
            })
        })?;
        ensure!(!begins_with_time(&checkout)?, "{checkout}");
        graph_shows(
            server,
            &[
                ("otel-java", "otel-java", ""),
                ("otel-java (client)", "otel-java", ""),
            ],
        )
    })
}

/// The application starts with a rule that keeps nothing, which changes.
fn follows_a_changed_rule(
    server: &Server,
    start: impl FnOnce() -> Result<Application>,
) -> Result<()> {
    server.ask("CreateSamplingRule", &rule("measured", "/measured", 0.0))?;
    let application = start()?;
    decides(&application, "/measured", 0)?;
    // Rules are asked for every five minutes: it learns of this from its targets, within 10 s.
    let update = json!({ "SamplingRuleUpdate": { "RuleName": "measured", "FixedRate": 1.0 } });
    server.ask("UpdateSamplingRule", &update)?;
    decides(&application, "/measured", 1)
}

/// `outer`, with an X-Ray SDK, calls `inner`, with OpenTelemetry's, which calls `outer` again.
fn is_one_trace(
    server: &Server,
    (outer, outer_name): (&Application, &str),
    (inner, inner_name): (&Application, &str),
) -> Result<()> {
    let id = trace_id(40);
    let back = format!("http%3A%2F%2F127.0.0.1%3A{}%2Fpay", outer.port);
    let to = format!(
        "http%3A%2F%2F127.0.0.1%3A{}%2Frelay%3Fto%3D{back}",
        inner.port
    );
    // What stands in the inner request's own query is escaped twice.
    let to = to.replace(&back, &back.replace('%', "%25"));
    let header = format!("X-Amzn-Trace-Id: Root={id};Sampled=1");
    get(outer, &format!("/relay?to={to}"), &[&header])?;
    flush(inner)?;
    let client = format!("{outer_name} (client)");
    let mut edges = [
        (outer_name, inner_name, ""),
        (&*client, outer_name, ""),
        (inner_name, outer_name, ""),
    ];
    edges.sort_unstable();
    graph_shows(server, &edges)?;
    let filter = format!("edge(\"{outer_name}\", \"{inner_name}\")");
    let summary = found(server, &filter)?;
    ensure!(summary["Id"] == id.as_str(), "{summary:#}");
    let traces = server.ask("Traces", &json!({ "TraceIds": [id] }))?;
    let segments = traces["Traces"][0]["Segments"]
        .as_array()
        .map_or(0, Vec::len);
    ensure!(segments == 3, "{segments} segments: {traces:#}");
    Ok(())
}

#[test]
fn x_ray_flask_and_opentelemetry_express_calling_each_other_are_one_trace() -> Result<()> {
    let (Some(pythons), Some(nodes)) = (python()?, node()?) else {
        return Ok(());
    };
    with_server(&[], |server| {
        let mut command = pythons.command("python/flask_app.py");
        command.env("AWS_XRAY_DAEMON_ADDRESS", server.daemon().to_string());
        let outer = pythons.start(&mut command)?;
        let variables = [Over::Grpc.variables(server)?, aws(server)].concat();
        let inner = express(&nodes, variables)?;
        is_one_trace(server, (&outer, "flask-shop"), (&inner, "otel-express"))
    })
}

#[test]
fn x_ray_express_and_opentelemetry_flask_calling_each_other_are_one_trace() -> Result<()> {
    let (Some(pythons), Some(nodes)) = (python()?, node()?) else {
        return Ok(());
    };
    with_server(&[], |server| {
        let mut command = nodes.command("node/express_app.js");
        command.env("AWS_XRAY_DAEMON_ADDRESS", server.daemon().to_string());
        let outer = nodes.start(&mut command)?;
        let propagator = owned(&[("OTEL_PROPAGATORS", "xray")]);
        let variables = [Over::Protobuf.variables(server)?, propagator].concat();
        let inner = flask(&pythons, &STOCK, variables)?;
        is_one_trace(server, (&outer, "express-shop"), (&inner, "otel-flask"))
    })
}
