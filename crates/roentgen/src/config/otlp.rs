//! Table `otlp`: how OpenTelemetry's requests are taken and mapped (spec otlp.md).

use std::str::FromStr;

use roentgen_otlp::map::segments::{EpochCheck, IndexedKeys, LocalRoot, MapSettings, Profile};
use roentgen_otlp::receive::{AllowedOrigins, IntakeSettings};

use super::settings::{BASE, Config, Setting, put, put_bytes, put_count, put_value};

/// Settings of the table.
#[derive(Clone, Debug, Default)]
pub(crate) struct OtlpConfig {
    /// The intake's own, but for what follows.
    pub(crate) intake: IntakeSettings,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) allowed_headers: String,
    pub(crate) exposed_headers: String,
    pub(crate) max_age_secs: u64,
}

impl OtlpConfig {
    /// Puts the origins in their place.
    ///
    /// # Errors
    /// Names the setting that cannot be used.
    fn renew_cors(&mut self) -> Result<(), String> {
        let origins = self.allowed_origins.iter().cloned();
        let (allowed, exposed) = (&self.allowed_headers, &self.exposed_headers);
        let cors = AllowedOrigins::new(origins, allowed, exposed, self.max_age_secs);
        self.intake.cors = cors.map_err(|_| "expected names of headers, separated by commas")?;
        Ok(())
    }
}

const OF_TABLE: Setting = Setting {
    has_flag: false,
    ..BASE
};

/// Settings of the table `otlp`.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "otlp.profile",
        default: "collector",
        about: "Which of AWS's two results a span becomes: `collector`, that of the collector's exporter \
                and the CloudWatch agent, or `endpoint`, that of X-Ray's OTLP endpoint (datagrams always)",
        set: |c, v| {
            let choices = [
                ("collector", Profile::Collector),
                ("endpoint", Profile::Endpoint),
            ];
            choose(&mut map(c).profile, v, &choices)
        },
        ..OF_TABLE
    },
    Setting {
        key: "otlp.local_root",
        default: "attribute",
        about: "Which spans are the first of their service: those whose attribute `aws.span.kind` says so \
                (`attribute`), or also those without a parent or with a remote one (`attribute_or_flags`)",
        set: |c, v| {
            let choices = [
                ("attribute", LocalRoot::Attribute),
                ("attribute_or_flags", LocalRoot::AttributeOrFlags),
            ];
            choose(&mut map(c).local_root, v, &choices)
        },
        ..OF_TABLE
    },
    Setting {
        key: "otlp.indexed_attributes",
        about: "Attributes that become annotations, separated by commas; those of a resource as \
                `otel.resource.<key>`. Without it those of Application Signals (`aws.local.service`, …)",
        set: |c, v| put_value(&mut map(c).indexed_attributes, IndexedKeys::new(list(v))),
        ..OF_TABLE
    },
    Setting {
        key: "otlp.index_all_attributes",
        default: "false",
        about: "Every attribute that is text, number or truth value becomes an annotation",
        set: |c, v| put_switch(&mut map(c).index_all_attributes, v),
        ..OF_TABLE
    },
    Setting {
        key: "otlp.annotation_dots",
        default: "true",
        about: "Dots in keys of annotations stay; else they become `_`",
        set: |c, v| put_switch(&mut map(c).annotation_dots, v),
        ..OF_TABLE
    },
    Setting {
        key: "otlp.keep_consumed",
        default: "true",
        about: "Attributes that X-Ray's blocks use up go into the metadata when no block says them; \
                `false` drops them as AWS does",
        set: |c, v| put_switch(&mut map(c).keep_consumed, v),
        ..OF_TABLE
    },
    Setting {
        key: "otlp.producer_namespace",
        default: "none",
        about: "`remote` makes spans of kind producer calls of another service, which the map then shows",
        set: |c, v| {
            let choices = [("none", false), ("remote", true)];
            choose(&mut map(c).producer_is_remote, v, &choices)
        },
        ..OF_TABLE
    },
    Setting {
        key: "otlp.lambda_origin",
        default: "true",
        about: "The first span of a Lambda function is shown as `AWS::Lambda::Function`",
        set: |c, v| put_switch(&mut map(c).lambda_origin, v),
        ..OF_TABLE
    },
    Setting {
        key: "otlp.grpc_throttle",
        default: "false",
        about: "gRPC's RESOURCE_EXHAUSTED counts as a throttle, as HTTP's 429 does",
        set: |c, v| put_switch(&mut map(c).grpc_throttle, v),
        ..OF_TABLE
    },
    Setting {
        key: "otlp.trace_id_epoch_check",
        default: "off",
        about: "Whether trace ids must begin with a time of the last 28 days: `off`, `warn`, `reject`",
        set: |c, v| {
            let choices = [
                ("off", EpochCheck::Off),
                ("warn", EpochCheck::Warn),
                ("reject", EpochCheck::Reject),
            ];
            choose(&mut map(c).epoch_check, v, &choices)
        },
        ..OF_TABLE
    },
    Setting {
        key: "otlp.aws_log_groups",
        about: "CloudWatch log groups of resources that name none, separated by commas",
        set: |c, v| put_value(&mut map(c).log_groups, list(v).collect()),
        ..OF_TABLE
    },
    Setting {
        key: "otlp.keep_unsampled",
        default: "false",
        about: "Spans that datagrams mark as unsampled are stored like others",
        set: |c, v| put_switch(&mut c.otlp.intake.keeps_unsampled, v),
        ..OF_TABLE
    },
    Setting {
        key: "otlp.http_max_bytes",
        default: "20MiB",
        about: "A request's body over HTTP, before and after decompression; with strict limits 5 MB",
        set: |c, v| put_size(&mut c.otlp.intake.http_bytes_max, v),
        ..OF_TABLE
    },
    Setting {
        key: "otlp.grpc_max_bytes",
        default: "4MiB",
        about: "A message over gRPC, decompressed",
        set: |c, v| put_size(&mut c.otlp.intake.grpc_bytes_max, v),
        ..OF_TABLE
    },
    Setting {
        key: "otlp.spans_max",
        default: "10000",
        about: "Spans of one request; more refuse it whole",
        set: |c, v| put_count(&mut c.otlp.intake.spans_max, v),
        ..OF_TABLE
    },
    Setting {
        key: "otlp.cors.allowed_origins",
        about: "Web origins whose pages may send spans, separated by commas; `*` stands for any text \
                (`https://*.example.com`). Others than these and loopback are refused",
        set: |c, v| {
            c.otlp.allowed_origins = list(v).collect();
            c.otlp.renew_cors()
        },
        ..OF_TABLE
    },
    Setting {
        key: "otlp.cors.allowed_headers",
        about: "Headers that such pages may send beside the usual ones, separated by commas",
        set: |c, v| {
            v.clone_into(&mut c.otlp.allowed_headers);
            c.otlp.renew_cors()
        },
        ..OF_TABLE
    },
    Setting {
        key: "otlp.cors.exposed_headers",
        about: "Headers of answers that such pages may read, separated by commas",
        set: |c, v| {
            v.clone_into(&mut c.otlp.exposed_headers);
            c.otlp.renew_cors()
        },
        ..OF_TABLE
    },
    Setting {
        key: "otlp.cors.max_age",
        default: "7200",
        about: "How many seconds browsers may remember what such pages may send",
        set: |c, v| {
            put(&mut c.otlp.max_age_secs, v, "a number of seconds")?;
            c.otlp.renew_cors()
        },
        ..OF_TABLE
    },
];

const fn map(config: &mut Config) -> &mut MapSettings {
    &mut config.otlp.intake.map
}

fn choose<T: Copy>(field: &mut T, value: &str, choices: &[(&str, T)]) -> Result<(), String> {
    if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == value) {
        *field = *choice;
        return Ok(());
    }
    let names: Vec<String> = choices
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    Err(format!("expected {}", names.join(" or ")))
}

fn put_switch(field: &mut bool, value: &str) -> Result<(), String> {
    put(field, value, "`true` or `false`")
}

fn put_size(field: &mut usize, value: &str) -> Result<(), String> {
    let mut bytes = 0;
    put_bytes(&mut bytes, value)?;
    *field = usize::try_from(bytes).map_err(|_| "expected a size that memory can hold")?;
    Ok(())
}

fn list(value: &str) -> impl Iterator<Item = String> {
    let items = value.split(',').map(str::trim);
    items.filter(|item| !item.is_empty()).map(str::to_owned)
}

/// Where a receiver listens: an address, or nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) Option<std::net::SocketAddr>);

impl FromStr for Listen {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self(None));
        }
        text.parse().map(|address| Self(Some(address)))
    }
}
