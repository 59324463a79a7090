//! The Prometheus page: the few series the dashboards of this project use.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::node::Node;

pub fn serve(socket: TcpListener, node: Arc<Node>) {
    thread::spawn(move || {
        for stream in socket.incoming().flatten() {
            // A scraper that does not talk must not hold up the next one for long.
            let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
            let _ = connection(&stream, &node);
        }
    });
}

fn connection(stream: &TcpStream, node: &Node) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let (status, body) = if first.starts_with("GET /metrics") { ("200 OK", page(node)) } else { ("404 Not Found", String::new()) };
    let mut writer = stream;
    write!(
        writer,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn page(node: &Node) -> String {
    let mut series =
        vec![("klaytn_blockchain_head_blocknumber", node.ledger.head().number), ("klaytn_p2p_PeerCountGauge", node.peers.count() as u64)];
    if let Some(bridge) = &node.sub_bridge {
        // Spelt so in the original.
        series.push(("klaytn_klay_bridge_anchroing_blocknumber", bridge.latest()));
    }
    series.iter().map(|(name, value)| format!("# TYPE {name} gauge\n{name} {value}\n")).collect()
}
