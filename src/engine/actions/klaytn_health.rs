//! `klaytn_health`: asks all nodes at once until the chain is healthy, or time is up.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Map, Value as Json, json};

use super::Action;
use crate::engine::scope::TaskScope;
use crate::engine::task::{Call, Reply, Trouble, connect};
use crate::event::Event;
use crate::klaytn::gate::{self, AfterStart, Nodes};
use crate::klaytn::{Snapshot, Verdict};
use crate::modules;
use crate::transport::content::NoContent;
use crate::transport::{LiveSender, Unreachable};
use crate::wire::TaskRequest;

/// See the module documentation.
pub struct KlaytnHealth;

#[async_trait]
impl Action for KlaytnHealth {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let wanted = Wanted::of(call);
        let mut judge = Judge::of(call, &wanted);
        let begun = Instant::now();
        let mut open_since = None;
        loop {
            let nodes = ask(call, &wanted).await?;
            let verdict = judge.judge(&nodes);
            if verdict.is_open() {
                let since = *open_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= wanted.soak {
                    return Ok(Reply::new(result(&wanted, &nodes, &verdict)));
                }
                tell(call, &format!("healthy; {}", summary(&wanted, &nodes)));
            } else {
                open_since = None;
                tell(call, verdict.reasons.first().map_or("", String::as_str));
                if begun.elapsed() >= wanted.timeout {
                    return Err(closed(&wanted, &nodes, &verdict));
                }
            }
            tokio::select! {
                () = tokio::time::sleep(wanted.interval) => {}
                () = call.job.cancel.cancelled() => return Err(Trouble::Cancelled),
            }
        }
    }
}

/// What the task asks for.
struct Wanted {
    gate: String,
    validators: Vec<String>,
    endpoints: Vec<String>,
    node: Option<String>,
    url: String,
    timeout: Duration,
    interval: Duration,
    soak: Duration,
}

impl Wanted {
    fn of(call: &Call<'_>) -> Self {
        let list = |name: &str| -> Vec<String> {
            let items = call.arg(name).as_array().map(Vec::as_slice).unwrap_or_default();
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        };
        let seconds = |name: &str| Duration::from_secs(call.arg(name).as_u64().unwrap_or(0));
        Self {
            gate: call.text("gate").unwrap_or_default().to_owned(),
            validators: list("validators"),
            endpoints: list("endpoints"),
            node: call.text("node").map(str::to_owned),
            url: call.text("url").unwrap_or_default().to_owned(),
            timeout: seconds("timeout"),
            interval: seconds("interval").max(Duration::from_millis(200)),
            soak: seconds("soak"),
        }
    }

    fn hosts(&self) -> Vec<String> {
        let mut hosts = self.validators.clone();
        hosts.extend(self.endpoints.iter().cloned());
        hosts.extend(self.node.iter().cloned());
        hosts.sort();
        hosts.dedup();
        hosts
    }

    /// The nodes among `all` that `names` has.
    fn of_these(names: &[String], all: &Nodes) -> Nodes {
        names.iter().filter_map(|name| Some((name.clone(), all.get(name)?.clone()))).collect()
    }
}

/// Judges by the newest snapshots, and remembers what the gate needs of older ones.
enum Judge {
    Steady(Vec<String>),
    Preflight(Vec<String>, String),
    Rollback(Vec<String>, String),
    Validator { validators: Vec<String>, node: String, watch: AfterStart, bridged: bool },
    Endpoint(String),
    Bridge { validators: Vec<String>, endpoints: Vec<String>, host: String, anchoring: bool, before: Option<u64> },
}

impl Judge {
    fn of(call: &Call<'_>, wanted: &Wanted) -> Self {
        let validators = wanted.validators.clone();
        let node = wanted.node.clone().unwrap_or_else(|| call.job.host.clone());
        match wanted.gate.as_str() {
            "preflight" => Self::Preflight(validators, node),
            "rollback" => Self::Rollback(validators, node),
            "after_start" if validators.contains(&node) => {
                let expected = call.arg("addresses").get(&node).and_then(Json::as_str).map(str::to_owned);
                let watch = AfterStart::new(node.clone(), expected);
                Self::Validator { validators, node, watch, bridged: !wanted.endpoints.is_empty() }
            }
            "after_start" => Self::Endpoint(node),
            "bridge" => Self::Bridge {
                validators,
                endpoints: wanted.endpoints.clone(),
                host: node,
                anchoring: call.is_true("anchoring"),
                before: None,
            },
            _ => Self::Steady(validators),
        }
    }

    fn judge(&mut self, all: &Nodes) -> Verdict {
        match self {
            Self::Steady(validators) => gate::steady(&Wanted::of_these(validators, all)),
            Self::Preflight(validators, node) => gate::preflight(&Wanted::of_these(validators, all), node),
            Self::Rollback(validators, node) => gate::rollback(&Wanted::of_these(validators, all), node),
            Self::Validator { validators, node, watch, bridged } => {
                let verdict = watch.judge(&Wanted::of_these(validators, all));
                match all.get(node).filter(|snapshot| verdict.is_open() && *bridged && snapshot.sub_bridge_peers.is_some()) {
                    Some(snapshot) => gate::bridge((node, snapshot), &Nodes::new(), false, None),
                    None => verdict,
                }
            }
            Self::Endpoint(node) => gate::endpoint(node, all.get(node).unwrap_or(&Snapshot::default())),
            Self::Bridge { validators, endpoints, host, anchoring, before } => {
                let unknown = Snapshot::default();
                let snapshot = all.get(host).filter(|_| validators.contains(host)).unwrap_or(&unknown);
                if before.is_none() {
                    *before = snapshot.anchored;
                }
                gate::bridge((host, snapshot), &Wanted::of_these(endpoints, all), *anchoring, *before)
            }
        }
    }
}

/// Asks all nodes at the same time. A host that cannot be reached is a node that does not answer.
async fn ask(call: &Call<'_>, wanted: &Wanted) -> Result<Nodes, Trouble> {
    let asked = wanted.hosts().into_iter().map(|host| async move {
        let snapshot = match one(call, &host, &wanted.url).await {
            Ok(snapshot) => snapshot,
            Err(Trouble::Unreachable(lost)) => Snapshot { error: Some(lost.message.clone()), ..Snapshot::default() },
            Err(other) => return Err(other),
        };
        Ok((host, snapshot))
    });
    futures_util::future::join_all(asked).await.into_iter().collect()
}

async fn one(call: &Call<'_>, host: &str, url: &str) -> Result<Snapshot, Trouble> {
    let scope = TaskScope::of_host(&call.job.world, host);
    let route = connect::resolve(&scope)?;
    let session = call.job.sessions.session(&route.target, route.becoming.as_ref()).await?;
    let spec = modules::find("klaytn_node_info").ok_or_else(|| call.wrong("there is no module `klaytn_node_info`"))?;
    let given = Map::from_iter([("url".to_owned(), json!(url))]);
    let args = modules::resolve(spec, given).map_err(|_| call.wrong("the arguments do not fit `klaytn_node_info`"))?;
    let request =
        TaskRequest { module: spec.name.to_owned(), args: args.0, check: call.ready.check, diff: false, environment: BTreeMap::new() };
    let answered: Result<_, Unreachable> = session.call(request, &NoContent, LiveSender::none()).await;
    let mut result = answered?.result;
    // Check mode: the node would be started or stopped by then.
    if result.get("skipped") == Some(&Json::Bool(true)) {
        return Err(Trouble::Unknown(result));
    }
    if result.get("failed") == Some(&Json::Bool(true)) {
        let message = result.get("msg").and_then(Json::as_str).unwrap_or("it could not be asked").to_owned();
        return Ok(Snapshot { error: Some(message), ..Snapshot::default() });
    }
    result.retain(|_, value| !value.is_null());
    Ok(serde_json::from_value(Json::Object(result)).unwrap_or_default())
}

fn tell(call: &Call<'_>, line: &str) {
    call.job.emit(Event::Live { host: call.job.host.clone(), task: call.job.number, line: line.to_owned() });
}

/// Where the chain stands, in one line.
fn summary(wanted: &Wanted, nodes: &Nodes) -> String {
    let validators = Wanted::of_these(&wanted.validators, nodes);
    let answering = validators.values().filter(|node| node.answers).count();
    let heights: Vec<u64> = validators.values().filter_map(|node| node.height).collect();
    let (lowest, highest) = (heights.iter().min().copied().unwrap_or(0), heights.iter().max().copied().unwrap_or(0));
    let blocks = if lowest == highest { format!("block {highest}") } else { format!("blocks {lowest} to {highest}") };
    let bridge = nodes.values().find_map(|node| Some((node.sub_bridge_peers?, node.anchored.unwrap_or(0))));
    let bridge = bridge.map(|(peers, anchored)| format!(", bridge peers {peers}, anchored up to {anchored}")).unwrap_or_default();
    format!("{blocks}, {answering} of {} validators answer{bridge}", wanted.validators.len())
}

fn result(wanted: &Wanted, nodes: &Nodes, verdict: &Verdict) -> Map<String, Json> {
    let result = json!({
        "changed": false,
        "summary": summary(wanted, nodes),
        "reasons": verdict.reasons,
        "nodes": nodes,
    });
    result.as_object().cloned().unwrap_or_default()
}

fn closed(wanted: &Wanted, nodes: &Nodes, verdict: &Verdict) -> Trouble {
    let mut failed = result(wanted, nodes, verdict);
    let what = match (wanted.gate.as_str(), &wanted.node) {
        ("preflight" | "rollback", Some(node)) => format!("{node} may not be stopped now"),
        ("after_start", Some(node)) => format!("{node} did not come back"),
        ("bridge", _) => "the bridge is not healthy".to_owned(),
        _ => "the chain is not healthy".to_owned(),
    };
    let message = format!("{what}, after {} seconds: {}", wanted.timeout.as_secs(), verdict.reasons.join("; "));
    failed.insert("msg".to_owned(), json!(message));
    failed.insert("failed".to_owned(), json!(true));
    Trouble::Failed(failed)
}
