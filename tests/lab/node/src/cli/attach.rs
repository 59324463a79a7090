//! `attach`: a console on a running node, for expressions that read a property or call a method.
//!
//! An expression is a path such as `klay.blockNumber`, `admin.peers.length`, `klay.getBlock(5).hash` or
//! `subbridge.anchoring(true)`. It is not JavaScript: no operators, no variables.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use serde_json::{Deserializer, Value, json};

use super::flags::{self, Parsed};
use super::{App, options, table};
use crate::rpc;
use crate::version::Version;

pub fn main(app: App, version: &Version, global: &Parsed, args: &[String]) -> Result<(), String> {
    let parsed = flags::parse(&table::attach(), args, !version.since(1, 11, 0))?.or(global);
    let default = || options::data_dir(app, &parsed).join("klay.ipc").to_string_lossy().into_owned();
    let console = Console { endpoint: parsed.rest.first().cloned().unwrap_or_else(default) };
    console.call("rpc_modules", &[]).map_err(|e| format!("Fatal: Unable to attach to remote node: {e}"))?;
    if let Some(expression) = parsed.text("exec") {
        println!("{}", console.evaluate(expression));
        return Ok(());
    }
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|e| e.to_string())?;
        if line.trim() == "exit" {
            break;
        }
        println!("{}", console.evaluate(&line));
    }
    Ok(())
}

struct Console {
    endpoint: String,
}

impl Console {
    /// The printed form of the value of an expression.
    fn evaluate(&self, expression: &str) -> String {
        let value = parse(expression.trim().trim_end_matches(';')).and_then(|path| self.walk(&path));
        match value {
            Ok(Some(value)) => print(&value, 0),
            Ok(None) => "undefined".to_owned(),
            Err(e) => e,
        }
    }

    fn walk(&self, path: &[Step]) -> Result<Option<Value>, String> {
        let [Step::Field(object), Step::Field(member), rest @ ..] = path else {
            return Err("SyntaxError: want object.member".to_owned());
        };
        let (arguments, rest) = match rest {
            [Step::Call(arguments), rest @ ..] => (arguments.as_slice(), rest),
            rest => (&[][..], rest),
        };
        let Some(value) = self.member(object, member, arguments)? else { return Ok(None) };
        let mut value = value;
        for step in rest {
            let next = match step {
                Step::Field(name) if name == "length" && value.is_array() => value.as_array().map(|items| json!(items.len())),
                Step::Field(name) => value.get(name).cloned(),
                Step::Index(index) => value.get(index).cloned(),
                Step::Call(_) => return Err("TypeError: not a function".to_owned()),
            };
            match next {
                Some(next) => value = next,
                None => return Ok(None),
            }
        }
        Ok(Some(value))
    }

    /// Console names differ from RPC names here and there.
    fn member(&self, object: &str, member: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
        let method = match (object, member) {
            ("klay" | "kaia" | "eth", "getBlock") => "getBlockByNumber",
            ("klay" | "kaia" | "eth", "chainID" | "chainId") if object == "eth" => "chainId",
            ("net", "id") => "networkID",
            ("subbridge", "parentOperator") => "getParentOperatorAddr",
            ("subbridge", "childOperator") => "getChildOperatorAddr",
            ("subbridge", "parentOperatorBalance") => "getParentOperatorBalance",
            ("subbridge", "parentOperatorNonce") => "getParentOperatorNonce",
            ("subbridge", "latestAnchoredBlockNumber") => "getLatestAnchoredBlockNumber",
            ("subbridge", "anchoringPeriod") => "getAnchoringPeriod",
            (_, member) => member,
        };
        match self.call(&format!("{object}_{method}"), arguments) {
            // As in the original, hex quantities of these properties print as numbers.
            Ok(Value::String(text)) if matches!(method, "blockNumber" | "peerCount" | "gasPrice") => {
                let digits = text.trim_start_matches("0x");
                Ok(Some(u64::from_str_radix(digits, 16).map_or(Value::String(text.clone()), |number| json!(number))))
            }
            Ok(value) => Ok(Some(value)),
            Err(e) if e.contains("does not exist/is not available") => Ok(None),
            Err(e) => Err(format!("Error: {e}")),
        }
    }

    fn call(&self, method: &str, params: &[Value]) -> Result<Value, String> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let answer: Value = match self.endpoint.strip_prefix("http://") {
            Some(place) => {
                let body = rpc::post(place.trim_end_matches('/'), &request)?;
                serde_json::from_str(&body).map_err(|e| e.to_string())?
            }
            None => {
                let fail = |e: std::io::Error| format!("dial unix {}: connect: {e}", self.endpoint);
                let mut stream = UnixStream::connect(&self.endpoint).map_err(fail)?;
                stream.write_all(request.as_bytes()).map_err(fail)?;
                let mut answers = Deserializer::from_reader(BufReader::new(stream)).into_iter::<Value>();
                answers.next().ok_or("no answer")?.map_err(|e| e.to_string())?
            }
        };
        match answer.get("error").and_then(|error| error.get("message")).and_then(Value::as_str) {
            Some(message) => Err(message.to_owned()),
            None => Ok(answer.get("result").cloned().unwrap_or(Value::Null)),
        }
    }
}

/// One step of an expression.
#[derive(Debug, PartialEq)]
enum Step {
    Field(String),
    Index(usize),
    Call(Vec<Value>),
}

fn parse(mut text: &str) -> Result<Vec<Step>, String> {
    let unexpected = |rest: &str| format!("SyntaxError: unexpected `{rest}`");
    let mut path = Vec::new();
    while !text.is_empty() {
        let (step, rest) = if let Some(inner) = text.strip_prefix('(') {
            let (inner, rest) = inner.split_once(')').ok_or_else(|| unexpected(text))?;
            // The original's language allows single quotes, JSON does not.
            let arguments = serde_json::from_str(&format!("[{}]", inner.replace('\'', "\""))).map_err(|_| unexpected(inner))?;
            (Step::Call(arguments), rest)
        } else if let Some(inner) = text.strip_prefix('[') {
            let (inner, rest) = inner.split_once(']').ok_or_else(|| unexpected(text))?;
            (Step::Index(inner.trim().parse().map_err(|_| unexpected(inner))?), rest)
        } else {
            let word = text.strip_prefix('.').unwrap_or(text);
            let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
            let (name, rest) = word.split_at(end);
            if name.is_empty() {
                return Err(unexpected(text));
            }
            (Step::Field(name.to_owned()), rest)
        };
        path.push(step);
        text = rest;
    }
    Ok(path)
}

/// Objects and arrays in the console's indented form, strings in double quotes.
fn print(value: &Value, depth: usize) -> String {
    let pad = "  ".repeat(depth);
    match value {
        Value::Array(items) if !items.is_empty() => {
            let items: Vec<String> = items.iter().map(|item| print(item, depth + 1)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) if !fields.is_empty() => {
            let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{pad}  {key}: {}", print(value, depth + 1))).collect();
            format!("{{\n{}\n{pad}}}", fields.join(",\n"))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let field = |name: &str| Step::Field(name.to_owned());
        assert_eq!(parse("klay.blockNumber").unwrap(), [field("klay"), field("blockNumber")]);
        assert_eq!(
            parse("admin.peers[0].networks.length").unwrap(),
            [field("admin"), field("peers"), Step::Index(0), field("networks"), field("length")]
        );
        assert_eq!(
            parse("subbridge.addPeer('kni://x')").unwrap(),
            [field("subbridge"), field("addPeer"), Step::Call(vec![json!("kni://x")])]
        );
        assert!(parse("klay.blockNumber + 1").is_err());
        assert!(parse("klay.getBlock(").is_err());
    }

    #[test]
    fn printing() {
        assert_eq!(print(&json!("x"), 0), "\"x\"");
        assert_eq!(print(&json!({"a": [1, 2], "b": {}}), 0), "{\n  a: [1, 2],\n  b: {}\n}");
    }
}
