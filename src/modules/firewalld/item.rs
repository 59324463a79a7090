//! What is asked for, in the words of `firewall-cmd`.

use serde::Deserialize;

use super::{Arguments, State};

/// A port that is handed on.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forward {
    port: String,
    proto: String,
    toport: String,
    #[serde(default)]
    toaddr: Option<String>,
}

/// What a zone has or has not.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// Something with a value: the word of the program, and the value.
    Value(&'static str, String),
    /// Something that is on or off, and which of both is asked for by `enabled`.
    Switch(&'static str, bool),
    /// What becomes of other packets.
    Target(String),
    /// The zone itself.
    Zone,
}

impl Item {
    pub(super) fn of(args: &Arguments) -> Result<Self, String> {
        let values = [
            ("service", &args.service),
            ("protocol", &args.protocol),
            ("port", &args.port),
            ("rich-rule", &args.rich_rule),
            ("source", &args.source),
            ("interface", &args.interface),
            ("icmp-block", &args.icmp_block),
        ];
        if let Some((word, value)) = values.into_iter().find_map(|(word, value)| Some((word, value.as_ref()?))) {
            if value.trim().is_empty() || value.contains('\n') {
                return Err(format!("`{value}` is no {}", word.replace('-', " ")));
            }
            if word == "port" && !value.contains('/') {
                return Err(format!("`{value}` is no port with a protocol, such as `8081/tcp`"));
            }
            return Ok(Self::Value(word, value.clone()));
        }
        let switches = [("icmp-block-inversion", args.icmp_block_inversion), ("masquerade", args.masquerade), ("forward", args.forward)];
        if let Some((word, on)) = switches.into_iter().find_map(|(word, on)| Some((word, on?))) {
            return Ok(Self::Switch(word, on));
        }
        if let Some(forwards) = &args.port_forward {
            let [forward] = forwards.as_slice() else { return Err("`port_forward` has exactly one element".to_owned()) };
            let to = forward.toaddr.as_deref().unwrap_or_default();
            let value = format!("port={}:proto={}:toport={}:toaddr={to}", forward.port, forward.proto, forward.toport);
            return Ok(Self::Value("forward-port", value));
        }
        Ok(args.target.clone().map_or(Self::Zone, Self::Target))
    }

    /// Whether the zone shall have it.
    pub(super) fn wanted(&self, state: State) -> Result<bool, String> {
        match (self, state) {
            (Self::Zone, State::Enabled | State::Disabled) => {
                Err("a zone is `present` or `absent`; what belongs to one is `enabled` or `disabled`, and nothing such was given"
                    .to_owned())
            }
            (Self::Value(..) | Self::Switch(..), State::Present | State::Absent) => {
                Err(format!("the {} of a zone is `enabled` or `disabled`; `present` and `absent` are for zones themselves", self.text()))
            }
            (Self::Switch(_, on), state) => Ok(*on == (state == State::Enabled)),
            (_, state) => Ok(matches!(state, State::Enabled | State::Present)),
        }
    }

    /// What it is, for people.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Value(word, value) => format!("{word} {value}"),
            Self::Switch(word, _) => (*word).to_owned(),
            Self::Target(target) => format!("target {target}"),
            Self::Zone => "existence".to_owned(),
        }
    }

    /// The option that asks for it, adds it or takes it away: `verb` is `query`, `add` or `remove`.
    pub(super) fn option(&self, verb: &str, offline: bool) -> String {
        match self {
            // An interface that is in another zone moves.
            Self::Value("interface", name) if verb == "add" => format!("--change-interface={name}"),
            // Under the other name the offline program means a service of the host's, not of a zone.
            Self::Value("service", name) if verb == "remove" && offline => format!("--remove-service-from-zone={name}"),
            Self::Value(word, value) => format!("--{verb}-{word}={value}"),
            Self::Switch(word, _) => format!("--{verb}-{word}"),
            Self::Target(_) | Self::Zone => String::new(),
        }
    }
}
