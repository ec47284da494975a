//! Segment documents for the suite: named ones for cases, random ones for everything else.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use roentgen_model::{SegmentId, TraceId, UnixNanos};

/// A document to be written.
#[derive(Clone, Debug)]
pub struct Draft {
    pub trace_id: TraceId,
    pub id: u64,
    pub parent: Option<u64>,
    pub is_subsegment: bool,
    pub name: String,
    pub start: UnixNanos,
    /// `None`: in progress.
    pub end: Option<UnixNanos>,
    /// Further members, each `"name": value`, joined by commas; may be empty.
    pub members: String,
}

impl Draft {
    /// A segment of 100 ms without parent.
    #[must_use]
    pub fn segment(trace_id: TraceId, id: u64, name: &str, start: UnixNanos) -> Self {
        let end = Some(UnixNanos(start.0 + 100_000_000));
        let (parent, is_subsegment) = (None, false);
        Self {
            trace_id,
            id,
            parent,
            is_subsegment,
            name: name.into(),
            start,
            end,
            members: String::new(),
        }
    }

    /// The same below a parent.
    #[must_use]
    pub fn below(mut self, parent: u64) -> Self {
        self.parent = Some(parent);
        self
    }

    /// The same as an independent subsegment below a parent.
    #[must_use]
    pub fn subsegment_of(mut self, parent: u64) -> Self {
        self.is_subsegment = true;
        self.below(parent)
    }

    /// The same, still in progress.
    #[must_use]
    pub fn in_progress(mut self) -> Self {
        self.end = None;
        self
    }

    /// The same with further members.
    #[must_use]
    pub fn with(mut self, members: &str) -> Self {
        if !self.members.is_empty() {
            self.members.push(',');
        }
        self.members.push_str(members);
        self
    }

    /// The document's text.
    #[must_use]
    pub fn text(&self) -> String {
        format!(r#"{{"trace_id":"{}",{}}}"#, self.trace_id, self.inner())
    }

    /// The members without `trace_id`, as an embedded subsegment has them.
    fn inner(&self) -> String {
        let mut text = format!(
            r#""id":"{}","name":"{}","start_time":{}"#,
            SegmentId::from_u64(self.id),
            self.name,
            self.start
        );
        match self.end {
            Some(end) => text.push_str(&format!(r#","end_time":{end}"#)),
            None => text.push_str(r#","in_progress":true"#),
        }
        if let Some(parent) = self.parent {
            text.push_str(&format!(
                r#","parent_id":"{}""#,
                SegmentId::from_u64(parent)
            ));
        }
        if self.is_subsegment {
            text.push_str(r#","type":"subsegment""#);
        }
        if !self.members.is_empty() {
            text.push(',');
            text.push_str(&self.members);
        }
        text
    }
}

/// A trace id whose first bytes are `at` and whose other bytes are `number`.
#[must_use]
pub fn trace_id(at: UnixNanos, number: u64) -> TraceId {
    let mut bytes = [0; 16];
    let (time, rest) = bytes.split_at_mut(4);
    time.copy_from_slice(&u32::try_from(at.secs()).unwrap_or(0).to_be_bytes());
    if let Some(low) = rest.get_mut(4..) {
        low.copy_from_slice(&number.to_be_bytes());
    }
    TraceId::from_bytes(bytes)
}

/// Random documents with everything a store must get right: several per trace, trees, in-progress
/// versions before and after complete ones, changed and equal re-sends, orphans, callees of every kind.
#[derive(Debug)]
pub struct RandomDocuments {
    rng: StdRng,
    traces: u64,
}

const NAMES: [&str; 5] = ["shop", "pay", "stock", "mail", "auth"];

impl RandomDocuments {
    /// Documents of this many traces; the same for the same seed.
    #[must_use]
    pub fn new(seed: u64, traces: u64) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed),
            traces: traces.max(1),
        }
    }

    /// A call of up to 8 documents of traces that began in the two hours before `now`.
    pub fn call(&mut self, now: UnixNanos) -> Vec<String> {
        let count = self.rng.random_range(1..=8);
        (0..count).map(|_| self.document(now)).collect()
    }

    /// A document of one of the traces.
    pub fn document(&mut self, now: UnixNanos) -> String {
        let number = self.rng.random_range(0..self.traces);
        // What belongs to a trace follows from its number, so that documents meet again.
        let hour = UnixNanos::from_secs((now.secs() / 3600 - 1) * 3600);
        let began =
            UnixNanos(hour.0 + i64::try_from(number * 37 % 3600).unwrap_or(0) * 1_000_000_000);
        let trace_id = if number % 5 == 4 {
            // As OpenTelemetry makes them: the first bytes are no time (segments.md 3).
            TraceId::from_bytes(
                (u128::from(number + 1) * 0x9e37_79b9_7f4a_7c15_1234_5678).to_be_bytes(),
            )
        } else {
            trace_id(began, number)
        };
        self.entity(trace_id, began).text()
    }

    fn entity(&mut self, trace_id: TraceId, began: UnixNanos) -> Draft {
        // Ids 1–6 are segments, 11–16 subsegments; a parent is any lower id, known or not.
        let place = self.rng.random_range(1..=6u64);
        let is_subsegment = self.rng.random_bool(0.3);
        let id = if is_subsegment { place + 10 } else { place };
        let start = UnixNanos(began.0 + i64::try_from(place).unwrap_or(0) * 20_000_000);
        let mut draft = Draft::segment(trace_id, id, self.pick(&NAMES), start);
        let millis = self.rng.random_range(1..=3i64) * 150;
        draft.end = Some(UnixNanos(start.0 + millis * 1_000_000));
        if is_subsegment || place > 1 {
            let parents = [1, place - 1, place + 9, 99];
            let parent = parents[self.rng.random_range(0..parents.len())];
            draft = draft.below(if parent == 0 { 1 } else { parent });
            draft.is_subsegment = is_subsegment;
        }
        if self.rng.random_bool(0.25) {
            draft = draft.in_progress();
        }
        if is_subsegment && self.rng.random_bool(0.7) {
            draft = draft.with(self.pick(&[
                r#""namespace":"remote""#,
                r#""namespace":"remote","sql":{"url":"db"}"#,
                r#""namespace":"aws","aws":{"operation":"GetItem","table_name":"orders"}"#,
            ]));
        }
        let member = self.pick(&[
            "",
            r#""fault":true"#,
            r#""error":true,"throttle":true"#,
            r#""http":{"request":{"method":"GET","url":"http://shop/"},"response":{"status":502}}"#,
            r#""annotations":{"tier":"gold","retries":2,"cold":true},"user":"ann""#,
            r#""cause":{"exceptions":[{"id":"00000000000000e1","type":"Oops","message":"no"}]}"#,
        ]);
        if !member.is_empty() {
            draft = draft.with(member);
        }
        if !is_subsegment && self.rng.random_bool(0.4) {
            let sub = self.embedded(place, start, draft.end.is_none());
            draft = draft.with(&format!(r#""subsegments":[{{{sub}}}]"#));
        }
        draft
    }

    /// An embedded subsegment, whose id an independent copy may have too (segments.md 5).
    fn embedded(&mut self, place: u64, start: UnixNanos, in_progress: bool) -> String {
        let unused = TraceId::from_bytes([0; 16]);
        let id = if self.rng.random_bool(0.5) {
            place + 10
        } else {
            place + 20
        };
        let mut sub = Draft::segment(
            unused,
            id,
            self.pick(&NAMES),
            UnixNanos(start.0 + 1_000_000),
        );
        sub.end = Some(UnixNanos(
            start.0 + self.rng.random_range(2..40i64) * 1_000_000,
        ));
        if in_progress && self.rng.random_bool(0.5) {
            sub = sub.in_progress();
        }
        sub.with(r#""namespace":"remote""#).inner()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.rng.random_range(0..from.len())]
    }
}
