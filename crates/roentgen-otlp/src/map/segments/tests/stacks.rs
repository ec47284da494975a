//! Exceptions, their stacks in each language, and causes of the status (otlp.md 5.3).

use serde_json::{Value, json};

use super::{attributes, document_of, document_on};

/// Label, path, line of a frame.
type Frame<'a> = (&'a str, &'a str, i64);

/// The exceptions of a span with one exception event with this stack.
fn exceptions(language: &str, stack: &str) -> Vec<Value> {
    let resource = json!({"telemetry.sdk.language": language});
    let event = json!({"name": "exception", "attributes": attributes(&json!({
        "exception.type": "T", "exception.message": "m", "exception.stacktrace": stack}))});
    let document = document_on(resource, json!({"events": [event]}));
    document["cause"]["exceptions"].as_array().unwrap().clone()
}

fn frames(exception: &Value) -> Vec<Frame<'_>> {
    let Some(stack) = exception["stack"].as_array() else {
        return Vec::new();
    };
    stack
        .iter()
        .map(|frame| {
            (
                frame["label"].as_str().unwrap(),
                frame["path"].as_str().unwrap(),
                frame["line"].as_i64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn java_frames_and_causes() {
    let stack = "java.lang.IllegalStateException: bad\n\tstate\n\
        \tat io.app.Shop.pay(Shop.java:42)\n\
        \tat java.base/java.lang.Thread.run(Thread.java:834)\n\
        \tat jdk.Proxy.x(Unknown Source)\n\
        \tat sun.Reflect.invoke0(Native Method)\n\
        \tSuppressed: java.io.IOException: closing\n\
        \t\tat io.app.Shop.close(Shop.java:9)\n\
        Caused by: java.io.IOException: disk: full\nof it\n\
        \tat io.app.Disk.write(Disk.java:7)\n\
        \t... 2 more\n\
        Caused by: java.lang.Error\n\
        \tat io.app.Disk.sync(Disk.java:8)\n";
    let all = exceptions("java", stack);
    assert_eq!(all.len(), 3);
    assert_eq!(
        frames(&all[0]),
        [
            ("io.app.Shop.pay", "Shop.java", 42),
            ("java.lang.Thread.run", "Thread.java", 834),
            ("jdk.Proxy.x", "Unknown Source", 0),
            ("sun.Reflect.invoke0", "Native Method", 0),
        ]
    );
    assert_eq!(
        (&all[0]["type"], &all[0]["message"]),
        (&json!("T"), &json!("m"))
    );
    assert_eq!(all[1]["type"], "java.io.IOException");
    assert_eq!(all[1]["message"], "disk: full\nof it");
    assert_eq!(frames(&all[1]), [("io.app.Disk.write", "Disk.java", 7)]);
    assert_eq!(all[2]["type"], "java.lang.Error");
    assert!(all[2].get("message").is_none());
    assert_eq!(all[0]["cause"], all[1]["id"]);
    assert_eq!(all[1]["cause"], all[2]["id"]);
    assert!(all[2].get("cause").is_none());
}

#[test]
fn python_frames_and_causes() {
    let stack = "Traceback (most recent call last):\n  File \"/srv/db.py\", line 5, in read\n    \
        raise KeyError(1)\n    ^^^^^^^^^^^^^^^^^\nKeyError: 1\n\n\
        During handling of the above exception, another exception occurred:\n\n\
        Traceback (most recent call last):\n  File \"/srv/a,b.py\", line 10, in handle\n    pay()\n  \
        File \"/srv/pay.py\", line 3, in <module>\n    raise E\nE: x\n";
    let all = exceptions("python", stack);
    assert_eq!(all.len(), 2);
    assert_eq!(
        frames(&all[0]),
        [
            ("<module>", "/srv/pay.py", 3),
            ("handle", "/srv/a,b.py", 10)
        ]
    );
    assert_eq!(
        (&all[1]["type"], &all[1]["message"]),
        (&json!("KeyError"), &json!("1"))
    );
    assert_eq!(frames(&all[1]), [("read", "/srv/db.py", 5)]);
    let direct = stack.replace(
        "During handling of the above exception, another exception occurred:",
        "The above exception was the direct cause of the following exception:",
    );
    assert_eq!(exceptions("python", &direct).len(), 2);
}

#[test]
fn other_languages() {
    let node = "Error: x\n    at pay (/srv/app.js:10:5)\n    at file:///srv/a.mjs:3:1\n    \
        at Object.<anonymous> (C:\\app\\b.js:7:2)\n    at Array.map (native)\n    \
        at async run (node:internal/x:1:2)";
    assert_eq!(
        frames(&exceptions("nodejs", node)[0]),
        [
            ("pay", "/srv/app.js", 10),
            ("", "file:///srv/a.mjs", 3),
            ("Object.<anonymous>", "C:\\app\\b.js", 7),
            ("Array.map", "native", 0),
            ("async run", "node:internal/x", 1),
        ]
    );
    let dotnet = "System.Exception: x\n   at Shop.Pay(Int32 id) in /src/Shop.cs:line 12\n   \
        at System.Threading.Run(Object o)\n   --- End of stack trace ---";
    assert_eq!(
        frames(&exceptions("dotnet", dotnet)[0]),
        [
            ("Shop.Pay(Int32 id)", "/src/Shop.cs", 12),
            ("System.Threading.Run(Object o)", "", 0),
        ]
    );
    let go = "goroutine 1 [running]:\nmain.pay(0x1)\n\t/src/pay.go:7 +0x1d\nmain.main()\n\t/src/main.go:3\n";
    assert_eq!(
        frames(&exceptions("go", go)[0]),
        [
            ("main.pay(0x1)", "/src/pay.go", 7),
            ("main.main()", "/src/main.go", 3)
        ]
    );
    assert!(
        exceptions("ruby", "a.rb:1:in `x'")[0]
            .get("stack")
            .is_none()
    );
}

#[test]
fn hostile_stacks_are_only_text() {
    for language in ["java", "python", "nodejs", "dotnet", "go"] {
        for stack in [
            "",
            "\n",
            "\tat (",
            "Caused by: ",
            "  File \"",
            "    at :",
            "\t:",
            "\tat x)(",
        ] {
            exceptions(language, stack);
        }
    }
}

#[test]
fn the_status_is_the_cause_where_no_exception_is_told() {
    let failed = |extra: Value| {
        let mut members = json!({"kind": 3, "status": {"code": 2, "message": "unavailable"}});
        for (name, value) in extra.as_object().unwrap() {
            members[name] = value.clone();
        }
        document_of(members)
    };
    let plain = failed(json!({}));
    let exceptions = plain["cause"]["exceptions"].as_array().unwrap();
    assert_eq!(exceptions.len(), 1);
    assert_eq!(exceptions[0]["message"], "unavailable");
    assert!(exceptions[0].get("remote").is_none() && exceptions[0].get("type").is_none());
    let by_text =
        failed(json!({"status": {"code": 2}, "attributes": {"http.status_text": "Gone"}}));
    assert_eq!(by_text["cause"]["exceptions"][0]["message"], "Gone");
    assert!(
        by_text
            .get("metadata")
            .is_none_or(|m| m["default"].get("http.status_text").is_none())
    );
    let silent = failed(json!({"status": {"code": 2}}));
    assert!(silent.get("cause").is_none());
    let well = failed(json!({"status": {"code": 1, "message": "fine"}}));
    assert!(well.get("cause").is_none());
    let thrown = failed(json!({"events": [{"name": "exception"}]}));
    assert_eq!(thrown["cause"]["exceptions"][0]["remote"], true);
    assert!(thrown["cause"]["exceptions"][0].get("message").is_none());
}

#[test]
fn failed_attempts_of_the_aws_sdk_are_exceptions() {
    let event = json!({"name": "HTTP request failure", "timeUnixNano": "1767225600100000999",
        "attributes": attributes(&json!({
            "http.response.status_code": 500, "aws.http.error_message": "oh"}))});
    let with = |system: &str| {
        document_of(json!({"kind": 3, "events": [event], "attributes": {"rpc.system": system}}))
    };
    let exception = &with("aws-api")["cause"]["exceptions"][0];
    assert_eq!(exception["type"], "aws.http.error.event");
    assert_eq!(exception["message"], "500@1767225600.100000@oh");
    assert_eq!(exception["remote"], true);
    assert!(with("grpc").get("cause").is_none());
}
