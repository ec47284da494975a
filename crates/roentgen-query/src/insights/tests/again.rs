//! Data that comes late or in bulk, and restarts, lead to the same insights (INS-1).

use std::collections::BTreeSet;

use super::*;

fn incident(number: i64) -> Vec<Request> {
    let is_bad = (60..70).contains(&number);
    (0..20)
        .map(|n| Request {
            callee: Some(("table", is_bad && n < 6)),
            ..ask("api", is_bad && n < 6)
        })
        .collect()
}

async fn on_time() -> World {
    let mut world = World::new().await;
    world.live(0..85, incident).await;
    world
}

#[tokio::test]
async fn bulk_data_gives_what_data_on_time_gives() {
    let on_time = on_time().await;
    let mut bulk = World::new().await;
    bulk.end_of(84);
    for number in (0..85).rev() {
        bulk.send(number, &incident(number)).await;
    }
    bulk.run().await;
    assert_eq!(bulk.told(), on_time.told());
    assert_eq!(bulk.told().len(), 1);
}

#[tokio::test]
async fn late_data_gives_the_same_insight_and_no_event_twice() {
    let on_time = on_time().await;
    let mut late = World::new().await;
    late.live(0..60, incident).await;
    // Of the incident every second minute comes 15 minutes late.
    for number in 60..100 {
        late.end_of(number);
        if number % 2 == 0 && number < 85 {
            late.send(number, &incident(number)).await;
        }
        let overdue = number - 15;
        if overdue % 2 != 0 && (60..85).contains(&overdue) {
            late.send(overdue, &incident(overdue)).await;
        }
        late.run().await;
    }
    let (told, expected) = (late.told(), on_time.told());
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, expected[0].0);
    let times: Vec<_> = told[0].1.iter().map(|event| event.time).collect();
    let distinct: BTreeSet<_> = times.iter().copied().collect();
    assert_eq!(times.len(), distinct.len());
    let mut notified = Vec::new();
    while let Ok(notification) = late.notified.try_recv() {
        notified.push(notification.event.time);
    }
    assert_eq!(notified, times, "each event went out once");
}

#[tokio::test]
async fn restarts_change_nothing_and_nothing_goes_out_twice() {
    let on_time = on_time().await;
    let mut world = World::new().await;
    let mut notified = Vec::new();
    for number in 0..85 {
        world.live(number..number + 1, incident).await;
        while let Ok(notification) = world.notified.try_recv() {
            notified.push(notification.event);
        }
        if number % 4 == 3 && number > 55 {
            world.restart().await;
            let before = world.told();
            world.run().await;
            assert_eq!(world.told(), before, "minute {number}");
        }
    }
    assert_eq!(world.told(), on_time.told());
    assert_eq!(world.only().record, on_time.only().record, "with its id");
    assert_eq!(notified, world.only().events);
}

#[tokio::test]
async fn an_insight_that_later_data_explains_away_closes_and_stays_closed() {
    let mut world = World::new().await;
    world.live(0..60, |_| requests("api", 20, 0)).await;
    // Only the failing share comes in time.
    world.live(60..64, |_| requests("api", 6, 6)).await;
    let id = world.only().record.insight.id;
    assert_eq!(world.only().record.insight.end, None);
    // Faults make up less than a hundredth after all.
    for number in 60..64 {
        world.send(number, &requests("api", 700, 0)).await;
    }
    world.live(64..66, |_| requests("api", 20, 0)).await;
    let published = world.only();
    assert_eq!(published.record.insight.id, id);
    assert!(published.record.insight.end.is_some());
    let last = published.events.last().unwrap();
    assert!(last.summary.starts_with("Incident closed."));
    let events = published.events.len();
    world.live(66..70, |_| requests("api", 20, 0)).await;
    assert_eq!(world.only().events.len(), events);
}

#[tokio::test]
async fn minutes_that_did_not_change_are_neither_read_nor_judged_again() {
    let mut world = World::new().await;
    world.live(0..80, |_| requests("api", 5, 0)).await;
    let took = Duration::ZERO;
    let report = world.run().await;
    assert_eq!(RunReport { took, ..report }, RunReport::default());
    world.end_of(80);
    world.send(80, &requests("api", 5, 0)).await;
    let report = world.run().await;
    assert_eq!((report.minutes_read, report.minutes_judged), (1, 1));
    // A late document of minute 30: from the checkpoint of its hour on.
    world.send(30, &requests("api", 1, 0)).await;
    let report = world.run().await;
    assert_eq!((report.minutes_read, report.minutes_judged), (1, 81));
}
