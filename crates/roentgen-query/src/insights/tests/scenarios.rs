use super::*;

#[tokio::test]
async fn a_rise_is_one_insight_that_closes_after_ten_quiet_minutes() {
    let mut world = World::new().await;
    world
        .live(0..85, |n| {
            requests("api", 20, if (60..70).contains(&n) { 6 } else { 0 })
        })
        .await;
    let published = world.only();
    let insight = &published.record.insight;
    assert_eq!(insight.start, minute(60));
    assert_eq!(insight.end, Some(minute(70)));
    assert_eq!(insight.updated, minute(80));
    assert_eq!(&*insight.picture.root_cause.name, "api");
    assert_eq!(insight.picture.root_cause_counts.total, 200);
    assert_eq!(insight.picture.clients.faults, 60);
    assert!(published.events.len() >= 2, "{:#?}", published.events);
    assert_eq!(
        published.events[0].time,
        minute(63),
        "opened in the third minute"
    );
    assert_eq!(&*published.record.group_name, "Default");
}

fn calls_table(number: i64, caller_handles: bool) -> Vec<Request> {
    let is_bad = (60..70).contains(&number);
    (0..20)
        .map(|n| Request {
            callee: Some(("table", is_bad && n < 6)),
            ..ask("api", is_bad && n < 6 && !caller_handles)
        })
        .collect()
}

#[tokio::test]
async fn faults_that_rise_from_a_table_blame_the_table() {
    let mut world = World::new().await;
    world.live(0..85, |n| calls_table(n, false)).await;
    let published = world.only();
    let picture = &published.record.insight.picture;
    assert_eq!(&*picture.root_cause.name, "table");
    assert_eq!(names(&picture.anomalous).len(), 2);
    assert!(names(&picture.anomalous).contains(&"api"));
    assert_eq!(picture.clients.faults, 60);
}

#[tokio::test]
async fn faults_that_the_caller_handles_do_not_reach_clients() {
    let mut world = World::new().await;
    world.live(0..85, |n| calls_table(n, true)).await;
    let published = world.only();
    let picture = &published.record.insight.picture;
    assert_eq!(names(&picture.anomalous), ["table"]);
    assert_eq!(picture.clients.faults, 0);
    assert_eq!(picture.clients.total, 200);
}

#[tokio::test]
async fn two_unrelated_services_at_once_are_two_insights() {
    let mut world = World::new().await;
    world
        .live(0..85, |n| {
            let faults = if (60..70).contains(&n) { 6 } else { 0 };
            [requests("api", 20, faults), requests("mail", 20, faults)].concat()
        })
        .await;
    let roots = world
        .insights()
        .into_iter()
        .map(|p| p.record.insight.picture.root_cause.name.to_string());
    let mut roots: Vec<_> = roots.collect();
    roots.sort();
    assert_eq!(roots, ["api", "mail"]);
}

#[tokio::test]
async fn what_is_no_incident_makes_no_insight() {
    let mut world = World::new().await;
    world
        .live(0..100, |n| {
            let doubled = requests("api", if n < 60 { 15 } else { 30 }, usize::from(n % 8 == 0));
            let single = requests("rare", 1, usize::from(n == 70));
            let refused = (0..15).map(|at| Request {
                error: n >= 60 && at < 12,
                throttle: n >= 60 && at < 6,
                ..ask("shop", false)
            });
            [doubled, single, refused.collect()].concat()
        })
        .await;
    assert_eq!(world.insights(), []);
}

#[tokio::test]
async fn a_new_service_that_fails_wholly_opens_after_five_minutes() {
    let mut world = World::new().await;
    world
        .live(58..66, |n| {
            if n < 60 {
                Vec::new()
            } else {
                requests("new", 12, 12)
            }
        })
        .await;
    let published = world.only();
    assert_eq!(published.record.insight.start, minute(60));
    assert_eq!(published.events[0].time, minute(65));
}
