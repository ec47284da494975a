//! What was judged (again) against what is published (INS-1): a published insight keeps its id, is never
//! reopened, closes when judging again no longer supports it, and no event is written twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use roentgen_control::groups::Group;
use roentgen_control::insight_state::InsightRecord;
use roentgen_model::UnixNanos;
use roentgen_model::insight::{
    Detector, Insight, InsightEvent, InsightId, MINUTE_NANOS, Outcome, minutes_after,
};

use super::published::PublishedInsight;

#[cfg(test)]
mod tests;

/// Events of one insight; beyond them only its closing is written.
pub(crate) const EVENTS_MAX: usize = 1_000;

/// What judging a run of minutes said, the last word on each insight and all its events in the run.
#[derive(Debug, Default)]
pub(crate) struct Derived {
    pub(crate) insights: BTreeMap<InsightId, (Insight, Vec<InsightEvent>)>,
}

impl Derived {
    pub(crate) fn add(&mut self, outcomes: Vec<Outcome>) {
        for Outcome { insight, event } in outcomes {
            let (held, events) = self
                .insights
                .entry(insight.id)
                .or_insert_with(|| (insight.clone(), Vec::new()));
            *held = insight;
            events.extend(event);
        }
    }
}

/// One group's judged run.
#[derive(Debug)]
pub(crate) struct Judged<'a> {
    pub(crate) group: &'a Group,
    /// Since when the group is judged: what was over by then is history, not an insight.
    pub(crate) since: UnixNanos,
    /// First judged minute, and the end of the last.
    pub(crate) from: UnixNanos,
    pub(crate) until: UnixNanos,
    pub(crate) derived: Derived,
    /// The state at the end.
    pub(crate) detector: &'a Detector,
}

/// What to write.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reconciled {
    pub(crate) insights: Vec<InsightRecord>,
    pub(crate) events: Vec<(InsightId, InsightEvent)>,
    /// Ids that judging gave, and under which they are published.
    pub(crate) renamed: Vec<(InsightId, InsightId)>,
}

/// Compares; `published` are all insights of all groups.
pub(crate) fn reconcile(
    judged: Judged<'_>,
    published: &BTreeMap<InsightId, Arc<PublishedInsight>>,
) -> Reconciled {
    let Judged {
        group,
        since,
        from,
        until,
        derived,
        detector,
    } = judged;
    let mut work = Work {
        group,
        published,
        taken: derived.insights.keys().copied().collect(),
        written: Reconciled::default(),
    };
    // Insights of this group that the run may have changed.
    let open_to_change: Vec<&Arc<PublishedInsight>> = published
        .values()
        .filter(|p| p.record.group_id == group.id)
        .filter(|p| p.record.insight.end.is_none() || p.record.insight.updated > from)
        .collect();
    let still_active: BTreeSet<InsightId> = detector.active.iter().map(|a| a.id).collect();
    let mut supported = still_active;
    for (id, (insight, events)) in derived.insights {
        supported.insert(id);
        let is_history = insight.end.is_some() && insight.updated <= since;
        // What is closed for clients is not reopened: what goes on is a new insight, or the one that was
        // made of it before.
        let own = published.get(&id).filter(|own| may_become(own, &insight));
        let matched = own.or_else(|| {
            let mut others = open_to_change.iter().copied();
            others.find(|other| {
                let other_id = &other.record.insight.id;
                !supported.contains(other_id)
                    && !work.taken.contains(other_id)
                    && may_become(other, &insight)
                    && is_same(other, &insight)
            })
        });
        match matched {
            Some(target) => {
                supported.insert(target.record.insight.id);
                work.update(id, insight, events, Some(target));
            }
            None if is_history => {}
            None => work.update(id, insight, events, None),
        }
    }
    for unsupported in open_to_change {
        let insight = &unsupported.record.insight;
        if insight.end.is_none() && !supported.contains(&insight.id) {
            work.close(unsupported, until);
        }
    }
    work.written
}

/// A closed insight is never reopened.
fn may_become(published: &PublishedInsight, insight: &Insight) -> bool {
    published.record.insight.end.is_none() || insight.end.is_some()
}

/// Their windows meet and they share a service.
fn is_same(published: &PublishedInsight, insight: &Insight) -> bool {
    let held = &published.record.insight;
    let end = |insight: &Insight| insight.end.unwrap_or(UnixNanos(i64::MAX));
    let meet = held.start <= end(insight) && insight.start <= end(held);
    let nodes = |insight: &Insight| {
        let mut nodes = insight.picture.anomalous.clone();
        nodes.push(insight.picture.root_cause.clone());
        nodes
    };
    let of_held = nodes(held);
    meet && nodes(insight).iter().any(|node| of_held.contains(node))
}

struct Work<'a> {
    group: &'a Group,
    published: &'a BTreeMap<InsightId, Arc<PublishedInsight>>,
    /// Ids that are somebody's in this run.
    taken: BTreeSet<InsightId>,
    written: Reconciled,
}

impl Work<'_> {
    /// Writes an insight over the published one, or as a new one.
    fn update(
        &mut self,
        judged_id: InsightId,
        mut insight: Insight,
        events: Vec<InsightEvent>,
        target: Option<&Arc<PublishedInsight>>,
    ) {
        insight.id = match target {
            Some(target) => target.record.insight.id,
            None => self.free_id(judged_id, &insight),
        };
        if insight.id != judged_id {
            self.written.renamed.push((judged_id, insight.id));
        }
        self.taken.insert(insight.id);
        // What a new insight has in common with a closed one was told with that.
        let told = target.or_else(|| self.published.get(&judged_id));
        let new = new_events(&insight, events, told.map(|told| &**told), target.is_some());
        let id = insight.id;
        self.written
            .events
            .extend(new.into_iter().map(|event| (id, event)));
        if target.is_none_or(|target| target.record.insight != insight) {
            self.record(insight);
        }
    }

    /// Judging again no longer supports it.
    fn close(&mut self, published: &PublishedInsight, until: UnixNanos) {
        let mut insight = published.record.insight.clone();
        insight.end = Some(
            insight
                .updated
                .clamp(insight.start, until.max(insight.start)),
        );
        let last = published
            .events
            .last()
            .map(|last| minutes_after(last.time, 1));
        insight.updated = last.map_or(until, |last| last.max(until));
        let event = closing_event(&insight);
        self.written.events.push((insight.id, event));
        self.record(insight);
    }

    fn record(&mut self, insight: Insight) {
        self.written.insights.push(InsightRecord {
            group_id: Arc::clone(&self.group.id),
            group_name: Arc::clone(&self.group.name),
            group_arn: Arc::clone(&self.group.arn),
            insight,
        });
    }

    fn free_id(&self, id: InsightId, insight: &Insight) -> InsightId {
        if !self.published.contains_key(&id) {
            return id;
        }
        let other = |generation| {
            InsightId::derive(
                &self.group.id,
                insight.start,
                &insight.picture.root_cause,
                generation,
            )
        };
        let is_free = |id: &InsightId| !self.published.contains_key(id) && !self.taken.contains(id);
        (1..=u32::MAX).map(other).find(is_free).unwrap_or(id)
    }
}

/// Events that were not written yet: later than the last one by a minute or more. An insight that closes
/// says so in any case, once.
fn new_events(
    insight: &Insight,
    events: Vec<InsightEvent>,
    told: Option<&PublishedInsight>,
    is_same: bool,
) -> Vec<InsightEvent> {
    let Some(told) = told else {
        return bounded(events, 0, insight.end.is_some());
    };
    if is_same && told.record.insight.end.is_some() {
        return Vec::new();
    }
    let last = told.events.last().map(|last| last.time);
    let mut new: Vec<InsightEvent> = events
        .into_iter()
        .filter(|event| last.is_none_or(|last| event.time.0 >= last.0.saturating_add(MINUTE_NANOS)))
        .collect();
    if insight.end.is_some() && new.is_empty() {
        let mut closing = closing_event(insight);
        closing.time = last.map_or(closing.time, |last| {
            closing.time.max(minutes_after(last, 1))
        });
        new.push(closing);
    }
    let held = if is_same { told.events.len() } else { 0 };
    bounded(new, held, insight.end.is_some())
}

fn bounded(mut events: Vec<InsightEvent>, held: usize, closes: bool) -> Vec<InsightEvent> {
    let room = EVENTS_MAX.saturating_sub(held);
    if events.len() > room {
        let closing = events.pop().filter(|_| closes);
        events.truncate(room);
        events.extend(closing);
    }
    events
}

fn closing_event(insight: &Insight) -> InsightEvent {
    InsightEvent {
        time: insight.updated,
        summary: insight.summary(),
        picture: insight.picture.clone(),
    }
}
