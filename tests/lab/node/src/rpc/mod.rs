//! JSON-RPC over HTTP and the IPC socket, and the metrics page.
//!
//! One file per namespace, each a function `call(node, method, params) -> Option<Answer>`: none means there
//! is no such method. To add a method: an arm in its namespace's `call`. HTTP offers the namespaces of
//! `--rpcapi`, IPC all of them.

pub mod admin;
mod answer;
mod bridge;
mod chain;
mod governance;
mod http;
mod ipc;
mod istanbul;
mod metrics;
mod net;
mod output;

use std::net::TcpListener;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::App;
use crate::log;
use crate::node::Node;
use crate::version::Family;
use answer::{Answer, Failure};
pub use http::post;

/// Starts all endpoints of the node.
pub fn serve(node: &Arc<Node>) -> Result<(), String> {
    if let Some(path) = &node.options.ipc {
        ipc::serve(node, path)?;
        log::info("IPC endpoint opened", &[("url", &path.display())]);
    }
    if let Some(rpc) = &node.options.rpc {
        let place = format!("{}:{}", rpc.address, rpc.port);
        let socket = TcpListener::bind(&place).map_err(|e| format!("listen tcp {place}: bind: {e}"))?;
        let served = node.clone();
        let rules = http::Rules { vhosts: rpc.vhosts.clone(), cors: rpc.cors.clone() };
        http::serve(socket, rules, move |body| text(&served, Some(&served.options.rpc.as_ref()?.api), body));
        log::info("HTTP endpoint opened", &[("url", &format!("http://{place}")), ("api", &rpc.api.join(","))]);
    }
    if let Some(port) = node.options.metrics_port {
        let place = format!("0.0.0.0:{port}");
        let socket = TcpListener::bind(&place).map_err(|e| format!("listen tcp {place}: bind: {e}"))?;
        metrics::serve(socket, node.clone());
    }
    Ok(())
}

/// Answers one request text; `api` are the namespaces on offer, none meaning all.
fn text(node: &Node, api: Option<&[String]>, body: &str) -> Option<String> {
    Some(match serde_json::from_str::<Value>(body) {
        Ok(request) => handle(node, api, &request).to_string(),
        Err(_) => error(&Value::Null, &Failure { code: -32700, message: "parse error".to_owned() }).to_string(),
    })
}

/// Answers a request or a batch of them.
fn handle(node: &Node, api: Option<&[String]>, request: &Value) -> Value {
    match request {
        Value::Array(batch) => Value::Array(batch.iter().map(|request| single(node, api, request)).collect()),
        request => single(node, api, request),
    }
}

fn single(node: &Node, api: Option<&[String]>, request: &Value) -> Value {
    let id = request.get("id").cloned().unwrap_or(Value::Null);
    let Some(method) = request.get("method").and_then(Value::as_str) else {
        return error(&id, &Failure { code: -32600, message: "invalid request".to_owned() });
    };
    let empty = Vec::new();
    let params = request.get("params").and_then(Value::as_array).unwrap_or(&empty);
    match dispatch(node, api, method, params) {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(failure) => error(&id, &failure),
    }
}

fn error(id: &Value, failure: &Failure) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": failure.code, "message": failure.message } })
}

fn dispatch(node: &Node, api: Option<&[String]>, method: &str, params: &[Value]) -> Answer {
    let (namespace, name) = method.split_once('_').unwrap_or(("", method));
    // Kaia renamed the namespace and answers to both names.
    let kaia = node.options.version.family() == Family::Kaia;
    let namespace = if namespace == "kaia" && kaia { "klay" } else { namespace };
    let offered = |name: &str| name == namespace || (name == "kaia" && kaia && namespace == "klay");
    let open = namespace == "rpc" || api.is_none_or(|api| api.iter().any(|name| offered(name)));
    let answer = match namespace {
        _ if !open => None,
        "klay" => istanbul::extension(node, name, params).or_else(|| chain::klay(node, name, params)),
        "eth" => chain::eth(node, name, params),
        "net" => net::call(node, name),
        "web3" => chain::web3(node, name, params),
        "admin" => admin::call(node, name, params),
        "governance" => governance::call(node, name),
        "istanbul" => istanbul::call(node, name, params),
        "mainbridge" => bridge::main(node, name),
        "subbridge" => bridge::sub(node, name, params),
        "rpc" if name == "modules" => Some(Ok(modules(node, api))),
        _ => None,
    };
    let missing = || Failure { code: -32601, message: format!("the method {method} does not exist/is not available") };
    answer.ok_or_else(missing)?
}

fn modules(node: &Node, api: Option<&[String]>) -> Value {
    let mut all = vec!["admin", "eth", "governance", "istanbul", "klay", "net", "rpc", "web3"];
    all.extend(node.main_bridge.is_some().then_some("mainbridge"));
    all.extend((node.options.app == App::Scn && node.sub_bridge.is_some()).then_some("subbridge"));
    let open = |name: &&str| *name == "rpc" || api.is_none_or(|api| api.iter().any(|offered| offered == name));
    Value::Object(all.into_iter().filter(open).map(|name| (name.to_owned(), json!("1.0"))).collect())
}
