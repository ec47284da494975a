//! One document, block by block.

use super::keys::{Attributes, Key};
use super::link::ValidLink;
use super::name::{Naming, naming};
use super::resource::PreparedResource;
use super::settings::{MapSettings, Profile};
use super::shape::{self, Ids, Kind, Part};
use super::side::ScopeRecord;
use super::text::Json;
use super::{aws, cause, flags, http, indexed, link, side, sql};
use crate::proto::Span;

/// A span with everything its documents are made of.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) span: &'a Span,
    pub(super) ids: Ids,
    pub(super) kind: Kind,
    pub(super) is_local_root: bool,
    pub(super) attributes: Attributes<'a>,
    pub(super) links: Vec<ValidLink<'a>>,
    pub(super) resource: &'a PreparedResource<'a>,
    pub(super) scope: &'a ScopeRecord,
    pub(super) settings: &'a MapSettings,
}

impl<'a> Source<'a> {
    pub(super) fn new(
        span: &'a Span,
        ids: Ids,
        links: Vec<ValidLink<'a>>,
        resource: &'a PreparedResource<'a>,
        scope: &'a ScopeRecord,
        settings: &'a MapSettings,
    ) -> Self {
        let attributes = Attributes::new(&span.attributes);
        Self {
            kind: Kind::of(span),
            is_local_root: shape::is_local_root(span, &ids, &attributes, settings),
            span,
            ids,
            attributes,
            links,
            resource,
            scope,
            settings,
        }
    }

    /// The documents to write.
    pub(super) const fn parts(&self) -> &'static [Part] {
        shape::parts(self.is_local_root, self.kind, self.ids.parent_id.is_some())
    }

    pub(super) const fn is_endpoint(&self) -> bool {
        matches!(self.settings.profile, Profile::Endpoint)
    }

    /// Writes one document.
    pub(super) fn write(&self, json: &mut Json, part: Part) {
        let naming = naming(self, part);
        json.begin();
        self.head(json, part, &naming);
        flags::write(json, self);
        if part != Part::Service {
            http::write(json, self);
        }
        cause::write(json, self);
        self.describe(json, part);
        sql::write(json, self);
        indexed::write(json, self, part);
        let has_links = match part {
            Part::Segment | Part::Subsegment => true,
            Part::Service => self.kind == Kind::Consumer,
            Part::Dependency => self.kind != Kind::Consumer,
        };
        if has_links {
            link::write(json, &self.links);
        }
        side::write(json, self, part, &naming.name);
        json.close('}');
    }

    /// Identity, time, state.
    fn head(&self, json: &mut Json, part: Part, naming: &Naming<'_>) {
        let Ids {
            trace_id,
            span_id,
            parent_id,
            epoch_problem: _,
        } = self.ids;
        let service_id = || shape::derived_id(&self.ids, "service", 0);
        let (id, parent_id) = match part {
            Part::Segment | Part::Subsegment => (span_id, parent_id),
            Part::Service => (service_id(), parent_id),
            Part::Dependency => (span_id, Some(service_id())),
        };
        json.name("name").string(&naming.name);
        json.name("id").hex(&id);
        json.name("trace_id").trace_id(trace_id);
        if let Some(parent_id) = parent_id {
            json.name("parent_id").hex(&parent_id);
        }
        json.name("start_time")
            .seconds(self.span.start_time_unix_nano);
        if self.span.end_time_unix_nano == 0 {
            json.name("in_progress").bool(true);
        } else {
            json.name("end_time").seconds(self.span.end_time_unix_nano);
        }
        if part.is_subsegment() {
            json.name("type").raw("\"subsegment\"");
        }
        json.text_member("namespace", naming.namespace);
    }

    /// Who ran it and where.
    fn describe(&self, json: &mut Json, part: Part) {
        let is_handler = self.kind == Kind::Server || self.is_local_root;
        let exported = self.resource.exported_origin;
        json.text_member("origin", exported.or(self.resource.origin(is_handler)));
        if !part.is_subsegment() {
            json.text_member("resource_arn", self.resource.resource_arn);
        }
        let user = [Key::EnduserId, Key::UserId];
        json.text_member("user", self.attributes.first_text(&user));
        aws::write(json, self, part);
        if let Some(version) = self.resource.version {
            json.object("service", |json| json.text_member("version", Some(version)));
        }
    }
}
