//! Which program the binary was called as.

use std::path::Path;

/// A node program. The third program, homi, is no node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// kscn: consensus node of a service chain.
    Scn,
    /// ken: endpoint node of the parent chain.
    En,
}

impl App {
    /// By the name in `argv[0]`; none means homi, and any unknown name means kscn.
    pub fn of(called: &str) -> Option<App> {
        match Path::new(called).file_name().and_then(|name| name.to_str()) {
            Some("homi") => None,
            Some("ken") => Some(App::En),
            _ => Some(App::Scn),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            App::Scn => "kscn",
            App::En => "ken",
        }
    }

    /// As in a kni: consensus node or endpoint node.
    pub fn node_type(self) -> &'static str {
        match self {
            App::Scn => "cn",
            App::En => "en",
        }
    }
}
