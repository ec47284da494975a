//! The command line. Flags of `serve` are made from the table of settings, so that flag, environment
//! variable, file key and their description have one source.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::config::{Config, ConfigProblem, Effective, Environment, Sources, all_settings};
use crate::demo::DemoOptions;

#[cfg(test)]
mod tests;

const DEMO_SEED: u64 = 1;
/// The demo keeps its hands off the data of a real server.
const DEMO_DATA_DIR: &str = "./roentgen-demo";

/// What to do.
#[derive(Debug)]
pub(crate) enum Action {
    Serve(Box<Config>),
    /// `serve` with a sample shop.
    Demo(Box<Config>, DemoOptions),
    /// Check every file of the data directory.
    Repair(Box<Config>),
    /// Print all traces.
    Export(Box<Config>),
    CheckConfig,
    ShowConfig(Effective),
}

/// Why there is nothing to do.
#[derive(Debug)]
pub(crate) enum CliError {
    /// Usage, `--help` or `--version`: clap prints and knows the exit code.
    Clap(clap::Error),
    /// Settings that cannot be used, all of them.
    Config(Vec<ConfigProblem>),
}

/// Reads arguments, environment and configuration file.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<Action, CliError> {
    let matches = command()
        .try_get_matches_from(arguments)
        .map_err(CliError::Clap)?;
    let resolved = |matches: &ArgMatches| {
        Sources {
            flags: flags(matches),
            environment,
        }
        .resolve()
        .map_err(CliError::Config)
    };
    match matches.subcommand() {
        Some(("serve", serve)) => Ok(Action::Serve(Box::new(resolved(serve)?.0))),
        Some(("export", export)) => Ok(Action::Export(Box::new(resolved(export)?.0))),
        Some(("repair", repair)) => Ok(Action::Repair(Box::new(resolved(repair)?.0))),
        Some(("demo", demo)) => {
            let options = DemoOptions {
                seed: demo.get_one::<u64>("seed").copied().unwrap_or(DEMO_SEED),
                history: !demo.get_flag("no-history"),
            };
            let mut config = resolved(demo)?.0;
            if config.data_dir == Config::defaults().data_dir {
                config.data_dir = DEMO_DATA_DIR.into();
            }
            Ok(Action::Demo(Box::new(config), options))
        }
        Some(("config", config)) => match config.subcommand() {
            Some(("show", show)) => Ok(Action::ShowConfig(resolved(show)?.1)),
            Some((_, check)) => resolved(check).map(|_| Action::CheckConfig),
            None => Err(CliError::Clap(missing_subcommand())),
        },
        _ => Err(CliError::Clap(missing_subcommand())),
    }
}

fn missing_subcommand() -> clap::Error {
    command().error(
        clap::error::ErrorKind::MissingSubcommand,
        "name what to do, e.g. `roentgen serve`",
    )
}

fn command() -> Command {
    Command::new("roentgen")
        .about("Distributed tracing that speaks AWS X-Ray, in one binary")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("serve")
                .about("Run the server: X-Ray API, daemon port and storage in one process")
                .after_help(
                    "Each setting is also a key of the TOML file (`data_dir`) and an environment \
                     variable (`ROENTGEN_DATA_DIR`); a flag beats the variable, the variable the file. \
                     `roentgen config show` prints what is in force and where it came from.",
                )
                .args(setting_arguments()),
        )
        .subcommand(
            Command::new("demo")
                .about("Run the server with a living sample shop of a dozen services")
                .after_help(
                    "The shop sends real segment documents through the UDP port: faults, throttles and \
                     slow minutes come and go. It begins with the last two and a half hours of the shop. \
                     Data goes to ./roentgen-demo unless --data-dir is given.",
                )
                .arg(
                    Arg::new("seed")
                        .long("seed")
                        .value_name("NUMBER")
                        .value_parser(clap::value_parser!(u64))
                        .help(format!("The same seed gives the same traces [default: {DEMO_SEED}]")),
                )
                .arg(
                    Arg::new("no-history")
                        .long("no-history")
                        .action(ArgAction::SetTrue)
                        .help("Begin with an empty shop, without the last hours"),
                )
                .args(setting_arguments()),
        )
        .subcommand(
            Command::new("repair")
                .about("Check every file of the data directory, rebuild a lost catalog, report")
                .after_help(
                    "The server must not run. Damaged blocks are set aside, never deleted. Exits with 1 \
                     when something is damaged.",
                )
                .args(setting_arguments()),
        )
        .subcommand(export_command())
        .subcommand(
            Command::new("config")
                .about("Look at the configuration")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(
                    Command::new("check")
                        .about("Read all settings, report every problem, start nothing")
                        .args(setting_arguments()),
                )
                .subcommand(
                    Command::new("show")
                        .about("Print every setting in force and where it came from")
                        .args(setting_arguments()),
                ),
        )
}

fn export_command() -> Command {
    Command::new("export")
                .about("Print all traces, one OTLP/JSON message a line, newest first")
                .after_help(
                    "The server must not run. OpenTelemetry's collector and any OTLP receiver over HTTP read \
                     the lines.",
                )
                .arg(
                    Arg::new("format")
                        .long("format")
                        .value_name("FORMAT")
                        .value_parser(["otlp"])
                        .default_value("otlp")
                        .help("What to print"),
                )
                .args(setting_arguments())
}

fn setting_arguments() -> Vec<Arg> {
    let file = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help("TOML file with settings [env: ROENTGEN_CONFIG]");
    let of_setting = |setting: &crate::config::Setting| {
        let help = match setting.default {
            "" => setting.about.to_owned(),
            default => format!("{} [default: {default}]", setting.about),
        };
        let argument = Arg::new(setting.key)
            .long(setting.key.replace('_', "-"))
            .help(help);
        if setting.is_switch {
            argument
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
        } else {
            argument
                .value_name(setting.value_name)
                .action(ArgAction::Set)
        }
    };
    let with_flag = all_settings().filter(|setting| setting.has_flag);
    std::iter::once(file)
        .chain(with_flag.map(of_setting))
        .collect()
}

fn flags(matches: &ArgMatches) -> Vec<(&'static str, String)> {
    let keys = all_settings()
        .filter(|s| s.has_flag)
        .map(|s| s.key)
        .chain(["config"]);
    keys.filter_map(|key| Some((key, matches.get_one::<String>(key)?.clone())))
        .collect()
}
