//! One `Config`, read once at start: `likejewijk.toml`, then the environment, parsed into types.
//!
//! An unknown key in the file is an error, an unknown `LIKEJEWIJK_…` variable a warning (a shell carries more than
//! we know). The committed `likejewijk.sample.toml` is this table printed; a test keeps the two equal.

mod lab;
mod limits;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

pub use lab::{LabHost, LabHosts};
pub use limits::Limits;

use super::domain::Domain;
use super::error::{Error, Result};

#[derive(Debug, Clone)]
pub struct Config {
    /// Without a path; its host is the domain of every handle and id.
    pub url: Url,
    pub domain: Domain,
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub database_url: String,
    pub secret_file: PathBuf,
    pub trusted_proxies: Vec<IpAddr>,
    pub admin_email: Option<String>,
    /// Where the source of this very version can be had: the licence (AGPL-3.0, section 13) wants it offered.
    pub source_url: Option<Url>,
    pub log: String,
    pub log_format: LogFormat,
    pub metrics_listen: Option<SocketAddr>,
    pub limits: Limits,
    pub rate_limits: bool,
    /// Factor on the waiting times between delivery attempts; 1 outside the lab.
    pub retry_scale: f64,
    pub lab_hosts: LabHosts,
    /// What was set but does nothing, one line each, for the log.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// The file as it is written: every key optional, none unknown.
#[expect(clippy::struct_field_names, reason = "the names of INTERFACE, one for one")]
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    url: Option<String>,
    listen: Option<String>,
    data: Option<PathBuf>,
    database_url: Option<String>,
    secret_file: Option<PathBuf>,
    trusted_proxies: Option<Vec<String>>,
    smtp_url: Option<String>,
    mail_from: Option<String>,
    admin_email: Option<String>,
    source_url: Option<String>,
    log: Option<String>,
    log_format: Option<String>,
    metrics_listen: Option<String>,
    rate_limits: Option<String>,
    retry_scale: Option<f64>,
    lab_hosts: Option<String>,
    limits: Option<toml::Table>,
}

/// The file that is looked for in the working folder where `--config` names none.
pub const FILE_NAME: &str = "likejewijk.toml";
const PREFIX: &str = "LIKEJEWIJK_";

impl Config {
    /// Reads the file (which may be absent unless `path` names it) and the variables of `environment`.
    pub fn load(
        path: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self> {
        let mut warnings = Vec::new();
        let mut table = read_file(path)?;
        let mut fallback_database = None;
        for (name, value) in environment {
            if name == "DATABASE_URL" {
                fallback_database = Some(value);
            } else if name == "DANGER_FEDERATION_ALLOW_LOCAL_IP" {
                return Err(Error::invalid(
                    "environment",
                    "DANGER_FEDERATION_ALLOW_LOCAL_IP would let other servers reach into this network; unset it",
                ));
            } else if let Some(key) = name.strip_prefix(PREFIX) {
                overlay(&mut table, &name, &key.to_ascii_lowercase(), &value, &mut warnings);
            }
        }
        let file = File::deserialize(table).map_err(|e| {
            Error::invalid(
                "configuration",
                format!("{} (see likejewijk.sample.toml)", one_line(e.message())),
            )
        })?;
        Self::parse(file, fallback_database, warnings)
    }

    fn parse(
        file: File,
        fallback_database: Option<String>,
        mut warnings: Vec<String>,
    ) -> Result<Self> {
        let lab_hosts = LabHosts::parse(file.lab_hosts.as_deref().unwrap_or_default())?;
        let url = parse_url(file.url.as_deref(), &lab_hosts)?;
        let domain = Domain::of(&url)?;
        let data = file.data.unwrap_or_else(|| PathBuf::from("./data"));
        let database_url = file
            .database_url
            .or(fallback_database)
            .unwrap_or_else(|| format!("sqlite:{}", data.join("likejewijk.db").display()));
        let in_lab = !lab_hosts.is_empty();
        if file.smtp_url.is_some() || file.mail_from.is_some() {
            warnings.push(
                "smtp_url and mail_from are set, but this version sends no e-mail yet".to_owned(),
            );
        }
        Ok(Self {
            domain,
            listen: parse_as(
                "listen",
                file.listen.as_deref().unwrap_or("127.0.0.1:8080"),
                "127.0.0.1:8080",
            )?,
            secret_file: file.secret_file.unwrap_or_else(|| data.join("secret")),
            data,
            database_url,
            trusted_proxies: parse_proxies(&file.trusted_proxies.unwrap_or_default())?,
            admin_email: file.admin_email,
            source_url: file.source_url.as_deref().map(parse_source).transpose()?,
            log: file.log.unwrap_or_else(|| "info".to_owned()),
            log_format: parse_log_format(file.log_format.as_deref())?,
            metrics_listen: file
                .metrics_listen
                .map(|address| parse_as("metrics_listen", &address, "127.0.0.1:9090"))
                .transpose()?,
            limits: Limits::parse(file.limits.unwrap_or_default())?,
            rate_limits: parse_rate_limits(file.rate_limits.as_deref(), in_lab)?,
            retry_scale: parse_retry_scale(file.retry_scale.unwrap_or(1.0), in_lab)?,
            lab_hosts,
            warnings,
            url,
        })
    }

    /// `lab_hosts` is set: names are mapped to loopback and reached over http.
    #[must_use]
    pub fn is_lab(&self) -> bool {
        !self.lab_hosts.is_empty()
    }

    /// Pages and cookies travel over https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }
}

fn read_file(path: Option<&Path>) -> Result<toml::Table> {
    let named = path.unwrap_or(Path::new(FILE_NAME));
    let text = match std::fs::read_to_string(named) {
        Ok(text) => text,
        Err(e) if path.is_none() && e.kind() == std::io::ErrorKind::NotFound => {
            return Ok(toml::Table::new());
        }
        Err(e) => {
            return Err(Error::invalid("config", format!("cannot read {}: {e}", named.display())));
        }
    };
    text.parse::<toml::Table>().map_err(|e| {
        Error::invalid("config", format!("{}: {}", named.display(), one_line(e.message())))
    })
}

/// Puts one environment variable over the file. Lists are comma-separated, numbers are read as numbers.
fn overlay(
    table: &mut toml::Table,
    name: &str,
    key: &str,
    value: &str,
    warnings: &mut Vec<String>,
) {
    let value = match key {
        "trusted_proxies" => toml::Value::Array(
            value
                .split(',')
                .map(str::trim)
                .filter(|v| !v.is_empty())
                .map(|v| v.to_owned().into())
                .collect(),
        ),
        "retry_scale" => value.parse::<f64>().map_or_else(|_| value.to_owned().into(), Into::into),
        _ => value.to_owned().into(),
    };
    if let Some(limit) = key.strip_prefix("limits__") {
        if Limits::knows(limit) {
            let limits = table.entry("limits").or_insert_with(|| toml::Table::new().into());
            if let (Some(limits), Some(text)) = (limits.as_table_mut(), value.as_str()) {
                let number = text.parse::<i64>().map_or_else(|_| value.clone(), Into::into);
                limits.insert(limit.to_owned(), number);
            }
            return;
        }
    } else if KEYS.iter().any(|(known, ..)| *known == key) {
        table.insert(key.to_owned(), value);
        return;
    }
    // The test suite's own variables share the prefix.
    if !key.starts_with("test_") {
        warnings.push(format!("the environment variable {name} is not a key of the configuration"));
    }
}

fn parse_url(text: Option<&str>, lab: &LabHosts) -> Result<Url> {
    let say = |problem: &str| Error::invalid("url", problem.to_owned());
    let text = text.ok_or_else(|| {
        say("set the public address of this site, as in url = \"https://wijk.example\"")
    })?;
    let url = Url::parse(text).map_err(|e| say(&format!("{text}: {e}")))?;
    let domain = Domain::of(&url)?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(say("is a scheme and a host only, as in https://wijk.example"));
    }
    let for_tests = matches!(domain.host().rsplit('.').next(), Some("test" | "localhost"));
    if url.scheme() == "http" && lab.is_empty() {
        return Err(say("must be https (http only together with lab_hosts, or in the demo)"));
    }
    if !lab.is_empty() && !for_tests {
        return Err(Error::invalid(
            "lab_hosts",
            "is for tests: the host of url must end in .test or .localhost",
        ));
    }
    Ok(url)
}

fn parse_rate_limits(text: Option<&str>, in_lab: bool) -> Result<bool> {
    match text {
        None | Some("on") => Ok(true),
        Some("off") if in_lab => Ok(false),
        Some("off") => {
            Err(Error::invalid("rate_limits", "\"off\" is taken only together with lab_hosts"))
        }
        Some(_) => Err(Error::invalid("rate_limits", "is \"on\" or \"off\"")),
    }
}

fn parse_retry_scale(scale: f64, in_lab: bool) -> Result<f64> {
    let is_allowed = scale > 0.0 && scale <= 1.0 && (scale >= 1.0 || in_lab);
    let problem = "is 1; smaller only together with lab_hosts, and above 0";
    if is_allowed { Ok(scale) } else { Err(Error::invalid("retry_scale", problem)) }
}

fn parse_log_format(text: Option<&str>) -> Result<LogFormat> {
    match text {
        None | Some("text") => Ok(LogFormat::Text),
        Some("json") => Ok(LogFormat::Json),
        Some(_) => Err(Error::invalid("log_format", "is \"text\" or \"json\"")),
    }
}

fn parse_proxies(addresses: &[String]) -> Result<Vec<IpAddr>> {
    let parse = |address: &String| parse_as("trusted_proxies", address, "[\"172.30.0.2\"]");
    addresses.iter().map(parse).collect()
}

fn parse_source(text: &str) -> Result<Url> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| {
        Error::invalid(
            "source_url",
            format!("«{text}»; write it as https://code.example/likejewijk"),
        )
    })
}

fn parse_as<T: std::str::FromStr>(field: &'static str, text: &str, example: &str) -> Result<T> {
    text.trim()
        .parse()
        .map_err(|_| Error::invalid(field, format!("«{text}»; write it as {example}")))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Key, sample value (commented out in the sample where it starts with `#`), meaning.
pub const KEYS: &[(&str, &str, &str)] = &[
    (
        "url",
        "\"https://wijk.example\"",
        "Public base URL. Its host is the domain of every handle and id: choose it once.",
    ),
    ("listen", "#\"127.0.0.1:8080\"", "Where it listens."),
    ("data", "#\"./data\"", "SQLite file, media, generated secrets; made with mode 0700."),
    (
        "database_url",
        "#\"sqlite:./data/likejewijk.db\"",
        "Or postgres://user:password@host/name. Where it is not set, DATABASE_URL counts.",
    ),
    (
        "secret_file",
        "#\"./data/secret\"",
        "Encrypts actors' keys and signs tokens. Made at first start; keep it with your backups. Several processes share it.",
    ),
    ("trusted_proxies", "#[\"172.30.0.2\"]", "Addresses whose X-Forwarded-For is believed."),
    (
        "smtp_url",
        "#\"smtps://user:password@mail.example\"",
        "Without it e-mail is off. (This version sends none yet.)",
    ),
    ("mail_from", "#\"wijk@wijk.example\"", "Sender of that e-mail."),
    ("admin_email", "#\"beheer@wijk.example\"", "Shown on the site and in NodeInfo."),
    (
        "source_url",
        "#\"https://code.example/likejewijk\"",
        "Where visitors find the source of the version you run: the licence (AGPL-3.0) asks you to offer it.",
    ),
    ("log", "#\"info\"", "error, warn, info, debug, or a filter such as info,likejewijk=debug."),
    ("log_format", "#\"text\"", "text, or json for machines."),
    (
        "metrics_listen",
        "#\"127.0.0.1:9090\"",
        "Prometheus text at /metrics on an address of its own.",
    ),
    ("rate_limits", "#\"on\"", "\"off\" only together with lab_hosts."),
    (
        "retry_scale",
        "#1.0",
        "Below 1 only together with lab_hosts: 0.001 turns an hour into 3.6 seconds.",
    ),
    ("lab_hosts", "#\"\"", "Tests only: name[:port]=address:port,… ; a name may begin with *."),
];

/// The commented sample, from [`KEYS`] and [`Limits`].
#[must_use]
pub fn sample() -> String {
    let mut text = String::from(
        "# likejewijk.toml: every key of the configuration, with its default.\n\
         # The environment wins: LIKEJEWIJK_URL, LIKEJEWIJK_LIMITS__INBOX_BYTES.\n",
    );
    for (key, value, meaning) in KEYS {
        let (mark, value) = value.strip_prefix('#').map_or(("", *value), |value| ("# ", value));
        text.extend(["\n# ", meaning, "\n", mark, key, " = ", value, "\n"]);
    }
    text.push_str("\n[limits]\n");
    text.push_str(&Limits::sample());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Config> {
        let path = std::env::temp_dir().join("likejewijk-no-such-folder").join(FILE_NAME);
        assert!(!path.exists());
        Config::load(None, pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn the_committed_sample_is_what_the_code_says() {
        let committed = include_str!("../../../likejewijk.sample.toml");
        assert_eq!(committed, sample(), "run: likejewijk --sample-config > likejewijk.sample.toml");
        let table: toml::Table = committed.parse().unwrap();
        File::deserialize(table).unwrap();
    }

    #[test]
    fn http_and_faster_retries_belong_to_the_lab() {
        assert!(from(&[("LIKEJEWIJK_URL", "http://wijk.example")]).is_err());
        assert!(
            from(&[("LIKEJEWIJK_URL", "https://wijk.example"), ("LIKEJEWIJK_RETRY_SCALE", "0.1")])
                .is_err()
        );
        assert!(
            from(&[("LIKEJEWIJK_URL", "https://wijk.example"), ("LIKEJEWIJK_RATE_LIMITS", "off")])
                .is_err()
        );
        assert!(
            from(&[
                ("LIKEJEWIJK_URL", "https://wijk.example"),
                ("LIKEJEWIJK_LAB_HOSTS", "a.test=127.0.0.1:1")
            ])
            .is_err()
        );
        let lab = from(&[
            ("LIKEJEWIJK_URL", "http://wijk.test"),
            ("LIKEJEWIJK_LAB_HOSTS", "a.test=127.0.0.1:1"),
            ("LIKEJEWIJK_RETRY_SCALE", "0.001"),
            ("LIKEJEWIJK_RATE_LIMITS", "off"),
        ])
        .unwrap();
        assert!(lab.is_lab() && !lab.rate_limits && !lab.is_https());
    }

    #[test]
    fn an_unknown_variable_warns_and_a_dangerous_one_refuses() {
        let config =
            from(&[("LIKEJEWIJK_URL", "https://wijk.example"), ("LIKEJEWIJK_URLL", "x")]).unwrap();
        assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
        let refused = from(&[
            ("LIKEJEWIJK_URL", "https://wijk.example"),
            ("DANGER_FEDERATION_ALLOW_LOCAL_IP", "1"),
        ]);
        assert!(refused.is_err());
    }

    #[test]
    fn limits_go_down_and_not_up() {
        let with = |value| {
            from(&[
                ("LIKEJEWIJK_URL", "https://wijk.example"),
                ("LIKEJEWIJK_LIMITS__INBOX_BYTES", value),
            ])
        };
        assert_eq!(with("1000").unwrap().limits.inbox_bytes, 1000);
        assert!(with("2000000000").is_err());
        assert!(with("many").is_err());
    }
}
