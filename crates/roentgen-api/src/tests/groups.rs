//! Groups: the five operations, and the reads that name a group.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Server, range, refuses, segment, with};

async fn create(server: &Server, body: Value) -> Value {
    server.ok("/CreateGroup", body).await["Group"].clone()
}

fn names(page: &Value) -> Vec<&str> {
    let groups = page["Groups"].as_array().unwrap().iter();
    groups
        .map(|group| group["GroupName"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn groups_are_created_listed_changed_and_deleted() {
    let server = Server::start().await;
    let body = json!({"GroupName": "slow", "FilterExpression": "responsetime > 5",
        "InsightsConfiguration": {"InsightsEnabled": true, "NotificationsEnabled": true}});
    let created = create(&server, body).await;
    insta::assert_json_snapshot!("created_group", created);
    create(&server, json!({"GroupName": "all"})).await;
    let update = json!({"GroupName": "slow", "GroupARN": created["GroupARN"],
        "FilterExpression": "responsetime > 6"});
    let updated = server.ok("/UpdateGroup", update).await;
    let expected = with(created.clone(), "FilterExpression", "responsetime > 6");
    assert_eq!(updated, json!({ "Group": expected }));
    let default =
        json!({"GroupName": "Default", "InsightsConfiguration": {"InsightsEnabled": true}});
    server.ok("/UpdateGroup", default).await;
    insta::assert_json_snapshot!(
        "groups_of_an_account",
        server.ok("/Groups", json!({})).await
    );
    let by_arn = json!({"GroupARN": created["GroupARN"]});
    assert_eq!(server.ok("/GetGroup", by_arn.clone()).await, updated);
    assert_eq!(server.ok("/DeleteGroup", by_arn.clone()).await, json!({}));
    let message = server.refused("/GetGroup", by_arn).await;
    assert!(
        message.starts_with("`GroupARN`: no group `arn:"),
        "{message}"
    );
    assert_eq!(
        names(&server.ok("/Groups", json!({})).await),
        ["Default", "all"]
    );
}

#[tokio::test]
async fn create_group_refuses_each_broken_constraint() {
    let server = Server::start().await;
    create(&server, json!({"GroupName": "taken"})).await;
    let named = |name: Value, message| ("GroupName", name, message);
    let filter = |text: &str, message| ("FilterExpression", json!(text), message);
    let insights = |value: Value, message| ("InsightsConfiguration", value, message);
    let cases = [
        named(Value::Null, "`GroupName` is required"),
        named(
            json!(""),
            "`GroupName`: expected 1 to 32 characters, found 0",
        ),
        named(json!("n".repeat(33)), "`GroupName`: expected 1 to 32"),
        named(
            json!("a b"),
            "`GroupName`: expected letters, digits and `_.-`",
        ),
        named(json!(7), "`GroupName`: expected a string, found `7`"),
        named(json!("taken"), "`GroupName`: a group named `taken` exists"),
        named(
            json!("Default"),
            "`GroupName`: a group named `Default` exists",
        ),
        filter("fualt", "Invalid filter expression: "),
        filter(
            "group.name = \"zz\"",
            "Invalid filter expression: unknown group `zz`",
        ),
        insights(
            json!([]),
            "`InsightsConfiguration`: expected an object, found `[]`",
        ),
        insights(
            json!({"InsightsEnabled": 1}),
            "`InsightsConfiguration.InsightsEnabled`: expected a boolean, found `1`",
        ),
        insights(
            json!({"NotificationsEnabled": true}),
            "`InsightsConfiguration.NotificationsEnabled` needs `InsightsEnabled`",
        ),
        (
            "Tags",
            json!([{"Key": "aws:k", "Value": ""}]),
            "`Tags[0]`: keys that begin",
        ),
    ];
    for (member, value, message) in cases {
        let body = with(json!({"GroupName": "g"}), member, value);
        refuses(&server, "/CreateGroup", body, message).await;
    }
    let groups = server.ok("/Groups", json!({})).await;
    assert_eq!(names(&groups), ["Default", "taken"]);
}

#[tokio::test]
async fn group_operations_refuse_what_they_cannot_do() {
    let server = Server::start().await;
    let one = create(&server, json!({"GroupName": "one"})).await;
    create(&server, json!({"GroupName": "two"})).await;
    let both = json!({"GroupName": "two", "GroupARN": one["GroupARN"]});
    for path in ["/GetGroup", "/UpdateGroup", "/DeleteGroup"] {
        let required = "`GroupName` or `GroupARN` is required";
        refuses(&server, path, json!({}), required).await;
        let disagree = "expected `GroupName` and `GroupARN` of one group";
        refuses(&server, path, both.clone(), disagree).await;
        let unknown = json!({"GroupName": "zz"});
        refuses(&server, path, unknown, "`GroupName`: no group `zz`").await;
    }
    let circle = json!({"GroupName": "one", "FilterExpression": "group.name = \"one\""});
    let refers = "Invalid filter expression: group `one` refers to itself";
    refuses(&server, "/UpdateGroup", circle, refers).await;
    let default = json!({"GroupName": "Default", "FilterExpression": ""});
    let holds_all = "`FilterExpression`: the Default group holds all traces";
    refuses(&server, "/UpdateGroup", default.clone(), holds_all).await;
    let stays = "the Default group cannot be deleted";
    refuses(&server, "/DeleteGroup", default, stays).await;
    let graph = with(range(-1, 0), "GroupName", "zz");
    refuses(
        &server,
        "/ServiceGraph",
        graph,
        "`GroupName`: no group `zz`",
    )
    .await;
    let groups = server.ok("/Groups", json!({})).await;
    assert_eq!(names(&groups), ["Default", "one", "two"]);
}

#[tokio::test]
async fn twenty_sixth_group_is_over_the_limit() {
    let server = Server::start().await;
    for number in 0..25 {
        create(&server, json!({"GroupName": format!("g{number}")})).await;
    }
    let answer = server
        .post("/CreateGroup", json!({"GroupName": "g25"}))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let message = "the account already has 25 groups, the most allowed";
    assert_eq!(answer.body["Message"], message);
}

#[tokio::test]
async fn get_groups_pages_with_tokens_of_at_most_a_hundred_characters() {
    let server = Server::with_control(|settings| settings.groups_max = 250).await;
    // The longest names, so that the token is the longest, too.
    for number in 0..250 {
        create(&server, json!({"GroupName": format!("{number:032}")})).await;
    }
    let (mut all, mut body) = (Vec::new(), json!({}));
    loop {
        let page = server.ok("/Groups", body).await;
        all.extend(names(&page).into_iter().map(str::to_owned));
        let Some(token) = page.get("NextToken") else {
            break;
        };
        assert!(token.as_str().unwrap().len() <= 100, "{token}");
        body = json!({ "NextToken": token });
    }
    assert_eq!(all.len(), 251);
    assert_eq!(all[0], "Default");
    assert!(all[1..].is_sorted());
}

#[tokio::test]
async fn filters_know_the_groups_of_now() {
    let server = Server::start().await;
    server
        .put(&[segment(-50, 1, "front"), segment(-49, 2, "back")])
        .await;
    let count = async |expression: &str| {
        let body = with(range(-100, 0), "FilterExpression", expression);
        let page = server.ok("/TraceSummaries", body).await;
        page["TraceSummaries"].as_array().unwrap().len()
    };
    let body = json!({"GroupName": "g", "FilterExpression": "service(\"front\")"});
    let arn = create(&server, body).await["GroupARN"].clone();
    let by_arn = format!("group.arn = {arn}");
    assert_eq!(count("group.name = \"g\"").await, 1);
    assert_eq!(count(&by_arn).await, 1);
    let all = json!({"GroupName": "g", "FilterExpression": ""});
    server.ok("/UpdateGroup", all).await;
    assert_eq!(count("group.name = \"g\"").await, 2);
    server.ok("/DeleteGroup", json!({"GroupName": "g"})).await;
    let body = with(range(-100, 0), "FilterExpression", by_arn);
    let message = server.refused("/TraceSummaries", body).await;
    assert!(message.contains("unknown group"), "{message}");
}

#[tokio::test]
async fn service_graph_of_a_group_counts_members_and_says_when_versions_mix() {
    let server = Server::start().await;
    server.put(&[segment(-50, 1, "before")]).await;
    server.clock.advance_secs(1);
    let group = json!({"GroupName": "g", "FilterExpression": "!service(\"other\")"});
    create(&server, group).await;
    server.judge_by_the_groups_of_now();
    server
        .put(&[segment(-49, 2, "first"), segment(-48, 3, "other")])
        .await;
    let graph = async || {
        let body = with(range(-100, 0), "GroupName", "g");
        let graph = server.ok("/ServiceGraph", body).await;
        let services = graph["Services"].as_array().unwrap().iter();
        let names = services.filter(|service| service["Type"] != "client");
        let names: Vec<_> = names
            .map(|s| s["Name"].as_str().unwrap().to_owned())
            .collect();
        (names, graph["ContainsOldGroupVersions"].as_bool().unwrap())
    };
    assert_eq!(graph().await, (vec!["first".to_owned()], false));
    server.clock.advance_secs(1);
    let update = json!({"GroupName": "g", "FilterExpression": "service(\"other\")"});
    server.ok("/UpdateGroup", update).await;
    server.judge_by_the_groups_of_now();
    server.clock.advance_secs(1);
    server.put(&[segment(-47, 4, "other")]).await;
    let both = vec!["first".to_owned(), "other".to_owned()];
    assert_eq!(graph().await, (both, true));
    // Created again it is another group, without the members of the one before.
    server.ok("/DeleteGroup", json!({"GroupName": "g"})).await;
    create(&server, json!({"GroupName": "g"})).await;
    server.judge_by_the_groups_of_now();
    assert_eq!(graph().await, (vec![], false));
}
