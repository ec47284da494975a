//! Judges the minutes of all groups with insights, in order; what changed later again (INS-1).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use roentgen_control::groups::{DEFAULT_GROUP_NAME, Group};
use roentgen_control::insight_state::{InsightChanges, InsightState};
use roentgen_model::insight::{
    Detector, InsightEvent, InsightId, Minute, PAST_MINUTES, minute_of, minutes_after,
    minutes_between,
};
use roentgen_model::{Scope, UnixNanos};
use roentgen_store::source::{ChangeMark, QueryControl, StoreError, TraceReader};

use super::counts::{CountsSource, GroupId, MinuteCounts, ranges};
use super::evidence::{StoreEvidence, TravelCache};
use super::published::PublishedInsight;
use super::reconcile::{Derived, Judged, Reconciled, reconcile};

/// A minute is judged once it is over for so long, so that what ends in it has usually come (our choice;
/// what comes later is judged again).
pub(super) const SETTLE_NANOS: i64 = 10 * 1_000_000_000;
/// Checkpoints stand at whole hours.
const CHECKPOINT_MINUTES: i64 = 60;
/// Published insights in all; over it the closed ones that changed last longest ago go.
const INSIGHTS_MAX: usize = 10_000;

/// What the judge keeps in memory.
#[derive(Debug)]
pub(crate) struct Judge {
    scope: Scope,
    /// Minutes judged again, at most: 24 h, or what the retention surely still holds.
    past_minutes: i64,
    retention_nanos: i64,
    groups: BTreeMap<GroupId, GroupState>,
    mark: Option<ChangeMark>,
    /// Minutes to be read (again).
    stale: BTreeSet<UnixNanos>,
    /// First minute of a group that has to be judged again.
    dirty: HashMap<GroupId, UnixNanos>,
    counts: MinuteCounts,
    travels: TravelCache,
}

/// The detector as it was before these minutes.
type Checkpoints = BTreeMap<UnixNanos, Arc<Detector>>;

#[derive(Clone, Debug)]
struct GroupState {
    since: UnixNanos,
    /// `since` is written.
    is_kept: bool,
    /// First minute not judged yet.
    next: UnixNanos,
    /// The first reaches behind all that is judged again.
    checkpoints: Checkpoints,
    detector: Arc<Detector>,
}

/// The outcome of a run, to be written, then to be taken over.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) changes: InsightChanges,
    /// Of groups with notifications.
    pub(crate) notifications: Vec<(InsightId, InsightEvent)>,
    groups: BTreeMap<GroupId, GroupState>,
    pub(crate) minutes_read: u64,
    pub(crate) minutes_judged: u64,
}

impl Judge {
    pub(crate) fn new(scope: Scope, retention_nanos: i64, state: &InsightState) -> Self {
        let retention_minutes = retention_nanos / roentgen_model::insight::MINUTE_NANOS;
        let mut groups = BTreeMap::new();
        for (id, since) in &state.groups {
            let of_group = state.checkpoints.iter().filter(|(group, _, _)| group == id);
            let checkpoints: BTreeMap<_, _> = of_group
                .map(|(_, minute, detector)| (*minute, Arc::new(detector.clone())))
                .collect();
            if let Some((next, detector)) = checkpoints.last_key_value() {
                let (next, detector) = (*next, Arc::clone(detector));
                let since = *since;
                let state = GroupState {
                    since,
                    is_kept: true,
                    next,
                    checkpoints,
                    detector,
                };
                groups.insert(Arc::clone(id), state);
            }
        }
        Self {
            scope,
            past_minutes: PAST_MINUTES.min((retention_minutes - CHECKPOINT_MINUTES).max(1)),
            retention_nanos,
            groups,
            mark: None,
            stale: BTreeSet::new(),
            dirty: HashMap::new(),
            counts: MinuteCounts::default(),
            travels: TravelCache::default(),
        }
    }

    /// Judges what is over at `now`. Blocks (reads, mathematics). What it learns of counts it keeps; new
    /// states of groups are in the verdict until [`Self::take_over`], so that a failed write loses nothing.
    ///
    /// # Errors
    /// The reader's; the next run begins where this one stopped.
    pub(crate) fn run(
        &mut self,
        reader: &dyn TraceReader,
        groups: &[Group],
        published: &BTreeMap<InsightId, Arc<PublishedInsight>>,
        now: UnixNanos,
        control: &QueryControl,
    ) -> Result<Verdict, StoreError> {
        let mut verdict = Verdict::default();
        let enabled: Vec<&Group> = groups
            .iter()
            .filter(|g| g.insights.insights_enabled)
            .collect();
        self.forget_groups(groups, &enabled, published, now, &mut verdict);
        let until = minute_of(UnixNanos(now.0.saturating_sub(SETTLE_NANOS)));
        if enabled.is_empty() {
            (self.mark, self.stale) = (None, BTreeSet::new());
            self.counts.clear();
            return Ok(verdict);
        }
        let first = hour_of(minutes_after(until, -self.past_minutes));
        self.begin_groups(&enabled, first, now, &mut verdict);
        verdict.minutes_read = self.read(reader, &enabled, first..until, control)?;
        for group in enabled {
            self.judge(
                reader,
                group,
                published,
                first..until,
                control,
                &mut verdict,
            )?;
        }
        Ok(verdict)
    }

    /// The verdict is written: these are the states from here on.
    pub(crate) fn take_over(&mut self, verdict: Verdict) {
        for removed in &verdict.changes.groups_removed {
            self.groups.remove(removed);
            self.dirty.remove(removed);
        }
        for (id, mut state) in verdict.groups {
            state.is_kept = true;
            self.dirty.remove(&id);
            self.groups.insert(id, state);
        }
    }

    /// Groups without insights are judged no more, and what was active in them closes; insights of deleted
    /// groups, and those older than the retention, go.
    fn forget_groups(
        &self,
        groups: &[Group],
        enabled: &[&Group],
        published: &BTreeMap<InsightId, Arc<PublishedInsight>>,
        now: UnixNanos,
        verdict: &mut Verdict,
    ) {
        let is_enabled = |id: &GroupId| enabled.iter().any(|group| group.id == *id);
        let removed = self.groups.keys().filter(|id| !is_enabled(id));
        verdict.changes.groups_removed = removed.cloned().collect();
        let oldest = now.0.saturating_sub(self.retention_nanos);
        let mut kept: Vec<&Arc<PublishedInsight>> = Vec::new();
        for held in published.values() {
            let record = &held.record;
            let group = groups.iter().find(|group| group.id == record.group_id);
            let is_old = record.insight.end.is_some_and(|end| end.0 < oldest);
            let Some(group) = group.filter(|_| !is_old) else {
                verdict.changes.insights_removed.push(record.insight.id);
                continue;
            };
            kept.push(held);
            if record.insight.end.is_none() && !is_enabled(&record.group_id) {
                let nothing = Detector::new(Arc::clone(&group.id));
                let closing = reconcile(
                    Judged {
                        group,
                        since: now,
                        from: UnixNanos(i64::MIN),
                        until: minute_of(now),
                        derived: Derived::default(),
                        detector: &nothing,
                    },
                    &BTreeMap::from([(record.insight.id, Arc::clone(held))]),
                );
                verdict.changes.insights.extend(closing.insights);
                verdict.changes.events.extend(closing.events);
            }
        }
        let surplus = kept.len().saturating_sub(INSIGHTS_MAX);
        kept.retain(|held| held.record.insight.end.is_some());
        kept.sort_by_key(|held| held.record.insight.updated);
        let surplus = kept.into_iter().take(surplus);
        verdict
            .changes
            .insights_removed
            .extend(surplus.map(|held| held.record.insight.id));
    }

    /// New groups are judged from 24 h ago on, so that they have baselines at once. A group that was not
    /// judged for longer than that goes on from its last checkpoint, over the gap.
    fn begin_groups(
        &mut self,
        enabled: &[&Group],
        first: UnixNanos,
        now: UnixNanos,
        verdict: &mut Verdict,
    ) {
        for group in enabled {
            let id = &group.id;
            if let Some(state) = self.groups.get_mut(id) {
                if state.next < first {
                    let last = Arc::clone(&state.detector);
                    state.checkpoints = BTreeMap::from([(first, last)]);
                    state.next = first;
                    self.dirty.remove(id);
                }
                continue;
            }
            let detector = Arc::new(Detector::new(Arc::clone(id)));
            let state = GroupState {
                since: now,
                is_kept: false,
                next: first,
                checkpoints: BTreeMap::from([(first, Arc::clone(&detector))]),
                detector,
            };
            self.groups.insert(Arc::clone(id), state);
            // Its counts were not read for it.
            self.mark = None;
            self.counts.clear();
        }
        for group in enabled {
            if let Some(state) = self.groups.get(&group.id)
                && !state.is_kept
            {
                let added = (Arc::clone(&group.id), state.since);
                verdict.changes.groups_added.push(added);
            }
        }
    }

    /// Reads the minutes that are new or may have changed, and notes from where each group is to be judged.
    fn read(
        &mut self,
        reader: &dyn TraceReader,
        enabled: &[&Group],
        range: std::ops::Range<UnixNanos>,
        control: &QueryControl,
    ) -> Result<u64, StoreError> {
        let changed = reader.changed_minutes(std::slice::from_ref(&self.scope), self.mark);
        let every =
            (0..minutes_between(range.start, range.end)).map(|n| minutes_after(range.start, n));
        match changed.minutes {
            None => self.stale.extend(every),
            Some(minutes) => {
                self.stale.extend(minutes.into_iter().map(minute_of));
                let next = self.groups.values().map(|state| state.next).min();
                let new = every.filter(|minute| next.is_none_or(|next| *minute >= next));
                let counts = &self.counts;
                self.stale
                    .extend(new.filter(|minute| !counts.holds(*minute)));
            }
        }
        self.mark = Some(changed.mark);
        self.stale = self.stale.split_off(&range.start);
        self.counts.forget_before(range.start);
        self.travels
            .forget_before(minutes_after(range.start, -CHECKPOINT_MINUTES));
        let ids: Vec<GroupId> = enabled.iter().map(|group| Arc::clone(&group.id)).collect();
        let due: Vec<UnixNanos> = self.stale.range(..range.end).copied().collect();
        let source = self.source(reader, &ids, control);
        for part in ranges(due.iter().copied()) {
            let mut at = part.start;
            while at < part.end {
                let until = minutes_after(at, CHECKPOINT_MINUTES).min(part.end);
                for (minute, read) in source.read(&(at..until))? {
                    self.put(minute, &ids, read);
                }
                at = until;
            }
        }
        Ok(due.len() as u64)
    }

    fn source<'a>(
        &self,
        reader: &'a dyn TraceReader,
        groups: &'a [GroupId],
        control: &'a QueryControl,
    ) -> OwnedSource<'a> {
        OwnedSource {
            reader,
            scope: self.scope.clone(),
            groups,
            control,
        }
    }

    fn put(&mut self, minute: UnixNanos, ids: &[GroupId], read: HashMap<GroupId, Minute>) {
        let changed = self.counts.put(minute, ids, read);
        if !changed.is_empty() {
            self.travels.forget_around(minute);
        }
        for group in changed {
            let first = self.dirty.entry(group).or_insert(minute);
            *first = minute.min(*first);
        }
        self.stale.remove(&minute);
    }

    /// Judges one group from the first minute that is new or changed to the end of the range.
    fn judge(
        &mut self,
        reader: &dyn TraceReader,
        group: &Group,
        published: &BTreeMap<InsightId, Arc<PublishedInsight>>,
        range: std::ops::Range<UnixNanos>,
        control: &QueryControl,
        verdict: &mut Verdict,
    ) -> Result<(), StoreError> {
        let Some(state) = self.groups.get(&group.id) else {
            return Ok(());
        };
        let dirty = self.dirty.get(&group.id).copied();
        let Some((from, mut detector)) = state.start(dirty).filter(|(from, _)| *from < range.end)
        else {
            return Ok(());
        };
        let mut state = state.clone();
        let (derived, mut checkpoints) =
            self.step_through(reader, group, &mut detector, from..range.end, control)?;
        verdict.minutes_judged += u64::try_from(minutes_between(from, range.end)).unwrap_or(0);
        let judged = Judged {
            group,
            since: state.since,
            from,
            until: range.end,
            derived,
            detector: &detector,
        };
        let reconciled = reconcile(judged, published);
        for (judged, known) in &reconciled.renamed {
            detector.rename(*judged, *known);
            for checkpoint in checkpoints.values_mut() {
                Arc::make_mut(checkpoint).rename(*judged, *known);
            }
        }
        verdict.add(group, state.since, reconciled);
        state.replace_checkpoints(
            from,
            range.start,
            checkpoints,
            &mut verdict.changes,
            &group.id,
        );
        state.next = range.end;
        state.detector = Arc::new(detector);
        verdict.groups.insert(Arc::clone(&group.id), state);
        Ok(())
    }

    /// Judges these minutes in order; gives what they said and the checkpoints among them.
    fn step_through(
        &mut self,
        reader: &dyn TraceReader,
        group: &Group,
        detector: &mut Detector,
        minutes: std::ops::Range<UnixNanos>,
        control: &QueryControl,
    ) -> Result<(Derived, Checkpoints), StoreError> {
        let (mut derived, mut checkpoints) = (Derived::default(), Checkpoints::new());
        let ids = [Arc::clone(&group.id)];
        let mut at = minutes.start;
        while at < minutes.end {
            control.check()?;
            if at == hour_of(at) {
                checkpoints.insert(at, Arc::new(detector.clone()));
            }
            let minute = match self.counts.minute(&group.id, at) {
                Some(minute) => minute,
                None => self.source(reader, &ids, control).minute(at)?,
            };
            let mut evidence = StoreEvidence {
                reader,
                scope: &self.scope,
                group: &group.id,
                is_default: group.is_default(),
                counts: &self.counts,
                travels: &mut self.travels,
                control,
            };
            derived.add(detector.step(at, &minute, &mut evidence)?);
            at = minutes_after(at, 1);
        }
        Ok((derived, checkpoints))
    }
}

impl Verdict {
    fn add(&mut self, group: &Group, since: UnixNanos, reconciled: Reconciled) {
        let Reconciled {
            insights,
            events,
            renamed: _,
        } = reconciled;
        if group.insights.notifications_enabled {
            // What was over before the group was judged is no news.
            let told = events.iter().filter(|(_, event)| event.time > since);
            self.notifications.extend(told.cloned());
        }
        self.changes.insights.extend(insights);
        self.changes.events.extend(events);
    }
}

impl GroupState {
    /// Where judging begins, and the detector as it was then: at the first minute that is not judged, or at
    /// the last checkpoint before the first that changed.
    fn start(&self, dirty: Option<UnixNanos>) -> Option<(UnixNanos, Detector)> {
        let Some(dirty) = dirty.filter(|dirty| *dirty < self.next) else {
            return Some((self.next, Detector::clone(&self.detector)));
        };
        let before = self.checkpoints.range(..=dirty).next_back();
        let (at, detector) = before.or_else(|| self.checkpoints.first_key_value())?;
        Some((*at, Detector::clone(detector)))
    }

    /// Checkpoints after `from` make place for these; of those before `past` the last is kept.
    fn replace_checkpoints(
        &mut self,
        from: UnixNanos,
        past: UnixNanos,
        mut checkpoints: Checkpoints,
        changes: &mut InsightChanges,
        group: &GroupId,
    ) {
        let replaced = minutes_after(from, 1);
        drop(self.checkpoints.split_off(&replaced));
        changes
            .checkpoints_replaced
            .push((Arc::clone(group), replaced));
        let written = checkpoints.iter();
        changes
            .checkpoints
            .extend(written.map(|(at, d)| (Arc::clone(group), *at, Arc::clone(d))));
        self.checkpoints.append(&mut checkpoints);
        let oldest = self.checkpoints.range(..=past).next_back();
        if let Some(oldest) = oldest.map(|(oldest, _)| *oldest) {
            self.checkpoints = self.checkpoints.split_off(&oldest);
            changes.checkpoints_before.push((Arc::clone(group), oldest));
        }
    }
}

/// A source that borrows nothing of the judge.
struct OwnedSource<'a> {
    reader: &'a dyn TraceReader,
    scope: Scope,
    groups: &'a [GroupId],
    control: &'a QueryControl,
}

impl OwnedSource<'_> {
    fn read(
        &self,
        range: &std::ops::Range<UnixNanos>,
    ) -> Result<BTreeMap<UnixNanos, HashMap<GroupId, Minute>>, StoreError> {
        CountsSource {
            reader: self.reader,
            scope: &self.scope,
            groups: self.groups,
            default_group: DEFAULT_GROUP_NAME,
            control: self.control,
        }
        .read(range)
    }

    /// One minute that does not fit into memory.
    fn minute(&self, at: UnixNanos) -> Result<Minute, StoreError> {
        let read = self.read(&(at..minutes_after(at, 1)))?;
        let groups = read.into_values().next();
        let of_group = groups.and_then(|groups| groups.into_values().next());
        Ok(of_group.unwrap_or_default())
    }
}

/// Start of the hour.
fn hour_of(minute: UnixNanos) -> UnixNanos {
    let minutes = minutes_between(UnixNanos(0), minute);
    minutes_after(minute, -minutes.rem_euclid(CHECKPOINT_MINUTES))
}
