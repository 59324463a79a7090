//! Addresses of network cards.

use minijinja::Value;

use super::address::Net;
use super::input_net;
use crate::template::call::{Call, Filter, def};
use crate::template::data;
use crate::template::fault::Eval;
use crate::template::python::show;

pub(super) static TABLE: &[Filter] = &[
    def(
        "hwaddr",
        &["query", "alias"],
        "The hardware address if it is one; in the form `bare`, `bool`, `int`, `cisco`, `eui48`, `linux`, `pgsql`, `unix` or `win`.",
        "'1a:2b:3c:4d:5e:6f' | hwaddr('cisco')",
        "1a2b.3c4d.5e6f",
        hwaddr,
    )
    .also(&["ansible.utils.hwaddr", "ansible.netcommon.hwaddr"]),
    def("macaddr", &["query"], "The same as `hwaddr`.", "'1A-2B-3C-4D-5E-6F' | macaddr('linux')", "1a:2b:3c:4d:5e:6f", hwaddr)
        .also(&["ansible.utils.macaddr", "ansible.netcommon.macaddr"]),
    def(
        "slaac",
        &["query"],
        "The address that a card gives itself in an IPv6 network.",
        "'2001:db8::/64' | slaac('00:11:22:33:44:55')",
        "2001:db8::211:22ff:fe33:4455",
        |call| {
            let card = call.some(0).and_then(data::text).and_then(parse);
            let Some((net @ Net { v6: true, .. }, (number, bytes))) = input_net(call)?.zip(card) else { return Ok(Value::from(false)) };
            let number = if bytes == 8 { number } else { (number >> 24 << 40) | 0xff_fe00_0000 | (number & 0xff_ffff) };
            let identifier = u128::from(number ^ (2 << 56));
            Ok(Value::from(net.show(net.first().wrapping_add(identifier))))
        },
    )
    .also(&["ansible.utils.slaac", "ansible.netcommon.slaac"]),
];

/// The number that a hardware address is, and its bytes: 6 or 8.
fn parse(text: &str) -> Option<(u64, usize)> {
    let groups: Vec<&str> = text.split([':', '-', '.']).collect();
    // Digits of each group; in pairs the first zero can be missing.
    let (width, least) = match groups.len() {
        1 => (text.len(), 12),
        2 => (6, 6),
        3 | 4 => (4, 4),
        _ => (2, 1),
    };
    let bytes = groups.len() * width / 2;
    let fits = |group: &&str| (least..=width).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !matches!(bytes, 6 | 8) || !groups.iter().all(fits) {
        return None;
    }
    let digits: String = groups.iter().map(|group| format!("{group:0>width$}")).collect();
    u64::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == bytes * 2).map(|number| (number, bytes))
}

fn hwaddr(call: &mut Call<'_, '_>) -> Eval {
    let query = call.text_or(0, "")?;
    let text = show(&call.input);
    let Some((number, bytes)) = parse(&text) else {
        return match query.as_str() {
            "" | "bool" => Ok(data::none()),
            _ => Err(call.error(format!("`{text}` is no hardware address"))),
        };
    };
    let digits = format!("{number:0width$x}", width = bytes * 2);
    let grouped = |width: usize, separator: &str| {
        let groups: Vec<String> = digits.as_bytes().chunks(width).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        groups.join(separator)
    };
    Ok(match query.as_str() {
        "" => call.input.clone(),
        "bool" => Value::from(true),
        "int" => Value::from(number),
        "bare" => Value::from(digits.to_uppercase()),
        "cisco" => Value::from(grouped(4, ".")),
        "eui48" | "win" => Value::from(grouped(2, "-").to_uppercase()),
        "linux" => Value::from(grouped(2, ":")),
        "pgsql" | "postgresql" | "psql" => Value::from(grouped(6, ":")),
        "unix" => {
            let short = |group: &str| if group.starts_with('0') { group.get(1..).unwrap_or(group).to_owned() } else { group.to_owned() };
            Value::from(grouped(2, ":").split(':').map(short).collect::<Vec<_>>().join(":"))
        }
        other => return Err(call.error(format!("there is no form `{other}` of hardware addresses"))),
    })
}
