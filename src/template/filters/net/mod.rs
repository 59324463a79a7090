//! Addresses and networks: the family of `ansible.utils.ipaddr`, under short and full names.

mod address;
mod hardware;
mod queries;
mod ranges;
mod subnets;

use minijinja::Value;

use self::address::Net;
use crate::template::call::{Call, Filter, def};
use crate::template::data::{self, type_name};
use crate::template::fault::{Eval, Fault};
use crate::template::python::show;

pub(super) static TABLES: &[&[Filter]] = &[TABLE, subnets::TABLE, hardware::TABLE];

static TABLE: &[Filter] = &[
    def(
        "ipaddr",
        &["query", "version", "alias"],
        "The address or network if it is one, else false; with a question (`network`, `netmask`, `first_usable`, 10, '10.0.0.0/8') its answer.",
        "'192.168.1.5/24' | ipaddr('network')",
        "192.168.1.0",
        |call| {
            let version = call.int(1)?;
            let query = query(call, 0)?;
            ask(&call.input, &query, version)
        },
    )
    .also(&["ansible.utils.ipaddr", "ansible.netcommon.ipaddr"]),
    def("ipv4", &["query", "alias"], "As `ipaddr`, of IPv4 only.", "['::1', '10.0.0.1'] | ipv4", "['10.0.0.1']", |call| {
        let query = query(call, 0)?;
        ask(&call.input, &query, Some(4))
    })
    .also(&["ansible.utils.ipv4", "ansible.netcommon.ipv4"]),
    def("ipv6", &["query", "alias"], "As `ipaddr`, of IPv6 only.", "['::1', '10.0.0.1'] | ipv6", "['::1']", |call| {
        let query = query(call, 0)?;
        ask(&call.input, &query, Some(6))
    })
    .also(&["ansible.utils.ipv6", "ansible.netcommon.ipv6"]),
    def("ipwrap", &["query", "alias"], "IPv6 addresses in brackets, all else as it is.", "'2001:db8::1' | ipwrap", "[2001:db8::1]", |call| {
        match data::items(&call.input) {
            Some(items) => Ok(data::list(items.iter().map(wrapped).collect())),
            None => Ok(wrapped(&call.input)),
        }
    })
    .also(&["ansible.utils.ipwrap", "ansible.netcommon.ipwrap"]),
    def(
        "ip4_hex",
        &["delimiter"],
        "An IPv4 address as hexadecimal digits.",
        "'192.168.1.5' | ip4_hex",
        "c0a80105",
        |call| {
            let delimiter = call.text_or(0, "")?;
            let bytes = match input_net(call)? {
                Some(Net { v6: false, ip, .. }) => u32::try_from(ip).unwrap_or_default().to_be_bytes(),
                _ => return Err(call.error(format!("`{}` is no IPv4 address", show(&call.input)))),
            };
            Ok(Value::from(bytes.map(|byte| format!("{byte:02x}")).join(&delimiter)))
        },
    )
    .also(&["ansible.utils.ip4_hex"]),
    def(
        "ipv6form",
        &["format"],
        "An IPv6 address in the form `compress`, `expand` or `x509`.",
        "'::1' | ipv6form('x509')",
        "0:0:0:0:0:0:0:1",
        |call| {
            let Some(net @ Net { v6: true, ip, .. }) = input_net(call)? else {
                return Err(call.error(format!("`{}` is no IPv6 address", show(&call.input))));
            };
            let groups = std::net::Ipv6Addr::from_bits(ip).segments();
            Ok(Value::from(match call.text_or(0, "")?.as_str() {
                "compress" => net.show_ip(),
                "expand" => groups.map(|group| format!("{group:04x}")).join(":"),
                "x509" => groups.map(|group| format!("{group:x}")).join(":"),
                other => return Err(call.error(format!("`{other}` is no form")).hint("it is `compress`, `expand` or `x509`")),
            }))
        },
    )
    .also(&["ansible.utils.ipv6form"]),
];

/// The question at this place: a number asks for an address of the network.
fn query(call: &Call<'_, '_>, at: usize) -> Eval<String> {
    match call.some(at) {
        Some(value) if data::integer(value).is_some() => Ok(show(value)),
        _ => call.text_or(at, ""),
    }
}

/// The address or network that a value is; `None` when it is none.
fn net_of(value: &Value) -> Option<Net> {
    if data::boolean(value).is_some() {
        return None;
    }
    match data::integer(value) {
        Some(whole) => u128::try_from(whole).ok().and_then(Net::from_number),
        None => Net::parse(data::text(value)?),
    }
}

/// The input as an address or network; `None` when it is none.
fn input_net(call: &Call<'_, '_>) -> Eval<Option<Net>> {
    match data::text(&call.input).is_some() || data::integer(&call.input).is_some() {
        true => Ok(net_of(&call.input)),
        false => Err(call.error(format!("an address is needed, not `{}`", type_name(&call.input)))),
    }
}

/// The answer to a question about a value; of a list, the answers that are something.
fn ask(value: &Value, query: &str, version: Option<i64>) -> Eval {
    if let Some(items) = data::items(value) {
        let mut answers = Vec::new();
        for item in items {
            let answer = ask(&item, query, version)?;
            if answer.is_true() {
                answers.push(answer);
            }
        }
        return Ok(data::list(answers));
    }
    if data::text(value).is_none() && data::integer(value).is_none() {
        return Err(Fault::error(format!("`ipaddr`: an address or a list of them is needed, not `{}`", type_name(value))));
    }
    match net_of(value) {
        Some(net) if version.is_none_or(|version| version == if net.v6 { 6 } else { 4 }) => {
            let text = data::text(value).map_or_else(|| net.show_as_written(), str::to_owned);
            queries::answer(net, &text, query)
        }
        _ => Ok(Value::from(false)),
    }
}

fn wrapped(value: &Value) -> Value {
    let answer = ask(value, "wrap", None).ok().filter(Value::is_true);
    answer.unwrap_or_else(|| value.clone())
}
