//! The insights that clients see.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::RwLock;
use roentgen_control::insight_state::{InsightChanges, InsightRecord, InsightState};
use roentgen_model::UnixNanos;
use roentgen_model::assembly::facts::TimeRange;
use roentgen_model::insight::{InsightEvent, InsightId};
use serde::{Deserialize, Serialize};

/// An insight with its history.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedInsight {
    pub record: InsightRecord,
    /// Oldest first, at least a minute apart.
    pub events: Vec<InsightEvent>,
}

/// All published insights; reads see whole changes. The judge bounds their number and their events.
#[derive(Debug, Default)]
pub struct PublishedInsights {
    insights: RwLock<BTreeMap<InsightId, Arc<PublishedInsight>>>,
}

/// Which insights of a group to list.
#[derive(Clone, Debug)]
pub struct InsightsRequest {
    pub group_id: Arc<str>,
    /// `None`: in any state.
    pub is_active: Option<bool>,
    /// Half-open; an insight is in it if its window, open to now while active, meets it.
    pub range: TimeRange,
    pub after: Option<InsightsCursor>,
    pub insights_max: usize,
}

/// The last insight of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsightsCursor {
    start_nanos: i64,
    id: [u8; 16],
}

/// A page, newest start first.
#[derive(Clone, Debug, Default)]
pub struct InsightsPage {
    pub insights: Vec<Arc<PublishedInsight>>,
    pub next: Option<InsightsCursor>,
}

impl PublishedInsights {
    /// What was kept.
    #[must_use]
    pub fn restored(state: &InsightState) -> Self {
        let mut events: HashMap<InsightId, Vec<InsightEvent>> = HashMap::new();
        for (id, event) in &state.events {
            events.entry(*id).or_default().push(event.clone());
        }
        let insights = state.insights.iter().map(|record| {
            let id = record.insight.id;
            let events = events.remove(&id).unwrap_or_default();
            let published = PublishedInsight {
                record: record.clone(),
                events,
            };
            (id, Arc::new(published))
        });
        Self {
            insights: RwLock::new(insights.collect()),
        }
    }

    /// The insight with this id.
    #[must_use]
    pub fn find(&self, id: InsightId) -> Option<Arc<PublishedInsight>> {
        self.insights.read().get(&id).cloned()
    }

    /// A page of a group's insights.
    #[must_use]
    pub fn list(&self, request: &InsightsRequest, now: UnixNanos) -> InsightsPage {
        let is_wanted = |published: &&Arc<PublishedInsight>| {
            let InsightRecord {
                group_id, insight, ..
            } = &published.record;
            let is_active = insight.end.is_none();
            *group_id == request.group_id
                && request.is_active.is_none_or(|wanted| wanted == is_active)
                && insight.start < request.range.end
                && insight.end.unwrap_or(now).max(insight.start) >= request.range.start
        };
        let insights = self.insights.read();
        let mut found: Vec<_> = insights.values().filter(is_wanted).cloned().collect();
        drop(insights);
        found.sort_by_key(|published| std::cmp::Reverse(key(published)));
        if let Some(after) = request.after {
            let last = (UnixNanos(after.start_nanos), InsightId(after.id));
            found.retain(|published| key(published) < last);
        }
        let more = found.len() > request.insights_max;
        found.truncate(request.insights_max);
        let next = found.last().filter(|_| more).map(|last| {
            let (start, id) = key(last);
            InsightsCursor {
                start_nanos: start.0,
                id: id.0,
            }
        });
        InsightsPage {
            insights: found,
            next,
        }
    }

    /// Insights published, active and closed.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let insights = self.insights.read();
        let is_active = |published: &&Arc<PublishedInsight>| published.record.insight.end.is_none();
        let active = insights.values().filter(is_active).count();
        (active, insights.len() - active)
    }

    pub(crate) fn all(&self) -> BTreeMap<InsightId, Arc<PublishedInsight>> {
        self.insights.read().clone()
    }

    /// Shows what was written.
    pub(crate) fn apply(&self, changes: &InsightChanges) {
        let mut insights = self.insights.write();
        for record in &changes.insights {
            let id = record.insight.id;
            let events = insights.get(&id).map(|held| held.events.clone());
            let published = PublishedInsight {
                record: record.clone(),
                events: events.unwrap_or_default(),
            };
            insights.insert(id, Arc::new(published));
        }
        for (id, event) in &changes.events {
            if let Some(held) = insights.get_mut(id) {
                Arc::make_mut(held).events.push(event.clone());
            }
        }
        for id in &changes.insights_removed {
            insights.remove(id);
        }
    }
}

fn key(published: &PublishedInsight) -> (UnixNanos, InsightId) {
    let insight = &published.record.insight;
    (insight.start, insight.id)
}
