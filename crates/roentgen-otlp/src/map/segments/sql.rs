//! `sql` (otlp.md 5.5).

use super::document::Source;
use super::keys::{Attributes, Key, KeySet, set};
use super::own_export;
use super::text::Json;

/// The databases whose calls X-Ray shows as SQL.
const SQL_SYSTEMS: &[&str] = &[
    "db2",
    "derby",
    "hive",
    "mariadb",
    "mssql",
    "mysql",
    "oracle",
    "postgresql",
    "sqlite",
    "teradata",
    "other_sql",
    "ibm.db2",
    "microsoft.sql_server",
    "oracle.db",
];

/// Where our exports keep what has no attribute.
const MEMBERS: &str = "sql.";

/// What the block uses up.
const CONSUMED: KeySet = set(&[
    Key::DbSystem,
    Key::DbSystemName,
    Key::DbName,
    Key::DbNamespace,
    Key::DbConnectionString,
    Key::DbUser,
    Key::DbStatement,
    Key::DbQueryText,
]);

/// The keys that the block uses up: none if the database is no SQL one.
pub(super) fn consumed(attributes: &Attributes<'_>) -> KeySet {
    if system(attributes).is_some() {
        CONSUMED
    } else {
        0
    }
}

fn system<'a>(attributes: &Attributes<'a>) -> Option<(Key, &'a str)> {
    let keys = [Key::DbSystemName, Key::DbSystem];
    let mut systems = keys
        .into_iter()
        .filter_map(|key| Some((key, attributes.peek_text(key)?)));
    systems.find(|(_, system)| SQL_SYSTEMS.contains(system))
}

pub(super) fn write(json: &mut Json, source: &Source<'_>) {
    let attributes = &source.attributes;
    let Some((system_key, system)) = system(attributes) else {
        if own_export::has_members(source, MEMBERS) {
            json.object("sql", |json| write_exported(json, source));
        }
        return;
    };
    attributes.mark(system_key);
    if own_export::has_members(source, MEMBERS) {
        json.object("sql", |json| {
            json.name("database_type").string(system);
            write_exported(json, source);
        });
        return;
    }
    json.object("sql", |json| {
        // Not the connection's: so the reference has it.
        json.name("url").string(&source.span.name);
        let server = server(attributes, system_key);
        let database = attributes.first_text(&[Key::DbNamespace, Key::DbName]);
        let connection = format!("{server}/{}", database.unwrap_or_default());
        json.name("connection_string").string(&connection);
        json.name("database_type").string(system);
        json.text_member("user", attributes.text(Key::DbUser));
        let query = [Key::DbQueryText, Key::DbStatement];
        json.text_member("sanitized_query", attributes.first_text(&query));
    });
}

/// As it went out: the members of a document, not those that a span would make.
fn write_exported(json: &mut Json, source: &Source<'_>) {
    let query = [Key::DbQueryText, Key::DbStatement];
    json.text_member("sanitized_query", source.attributes.first_text(&query));
    let _said = source
        .attributes
        .first_text(&[Key::DbNamespace, Key::DbName]);
    own_export::write_members(json, source, MEMBERS, &[]);
}

/// The connection string; by the stable conventions, which have none, the server (our choice); else
/// `localhost`, as the reference.
fn server(attributes: &Attributes<'_>, system_key: Key) -> String {
    if let Some(connection) = attributes.text(Key::DbConnectionString) {
        return connection.to_owned();
    }
    let is_stable = system_key == Key::DbSystemName;
    let address = is_stable
        .then(|| attributes.text(Key::ServerAddress))
        .flatten();
    match (address, attributes.peek_integer(Key::ServerPort)) {
        (None, _) => "localhost".to_owned(),
        (Some(address), None) => address.to_owned(),
        (Some(address), Some(port)) => {
            attributes.mark(Key::ServerPort);
            format!("{address}:{port}")
        }
    }
}
