use roentgen_control::groups::Group;

use super::*;

async fn create(world: &World, name: &str, expression: &str) -> Group {
    let new = NewGroup {
        name: name.into(),
        expression: expression.into(),
        insights: InsightsUpdate {
            insights_enabled: Some(true),
            notifications_enabled: None,
        },
        ..NewGroup::default()
    };
    let group = world
        .control
        .create_group(new, world.clock_now())
        .await
        .unwrap();
    let histories = SettingsHistories::new([(scope(ACCOUNT), world.control.history())]);
    world.store.publish_histories(Arc::new(histories));
    group
}

fn two_services(number: i64) -> Vec<Request> {
    let faults = if (60..70).contains(&number) { 6 } else { 0 };
    [requests("api", 20, faults), requests("mail", 20, faults)].concat()
}

#[tokio::test]
async fn a_group_sees_its_members_alone() {
    let mut world = World::without_insights().await;
    let group = create(&world, "letters", r#"service("mail")"#).await;
    world.live(0..85, two_services).await;
    let published = world.only();
    assert_eq!(published.record.group_id, group.id);
    assert_eq!(published.record.group_arn, group.arn);
    assert_eq!(names(&published.record.insight.picture.anomalous), ["mail"]);
    assert_eq!(published.record.insight.picture.clients.total, 200);
    assert!(
        world.notified.try_recv().is_err(),
        "nobody asked to be told"
    );
}

#[tokio::test]
async fn insights_of_a_deleted_group_disappear() {
    let mut world = World::without_insights().await;
    create(&world, "letters", r#"service("mail")"#).await;
    world.live(0..85, two_services).await;
    assert_eq!(world.insights().len(), 1);
    let now = world.clock_now();
    world
        .control
        .delete_group(GroupSelector::Name("letters"), now)
        .await
        .unwrap();
    world.run().await;
    assert_eq!(world.insights(), []);
    world.restart().await;
    assert_eq!(world.insights(), []);
}

#[tokio::test]
async fn switching_insights_off_closes_what_is_active_and_keeps_it() {
    let mut world = World::new().await;
    world.live(0..66, two_services).await;
    world.enable("Default", false).await;
    world.run().await;
    assert_eq!(world.insights().len(), 2);
    assert!(
        world
            .insights()
            .iter()
            .all(|p| p.record.insight.end.is_some())
    );
    world.live(66..70, two_services).await;
    assert_eq!(world.insights().len(), 2);
}

#[tokio::test]
async fn what_was_over_before_insights_were_enabled_is_no_insight_what_goes_on_is() {
    let mut world = World::without_insights().await;
    world
        .live(0..100, |n| {
            let over = if (60..65).contains(&n) { 6 } else { 0 };
            let goes_on = if n >= 90 { 6 } else { 0 };
            [requests("api", 20, over), requests("mail", 20, goes_on)].concat()
        })
        .await;
    world.enable("Default", true).await;
    world.run().await;
    let published = world.only();
    assert_eq!(&*published.record.insight.picture.root_cause.name, "mail");
    assert_eq!(published.record.insight.start, minute(90));
    assert!(world.notified.try_recv().is_err(), "its opening is no news");
}
