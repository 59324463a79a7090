//! A way to a server that counts, and that can be disturbed.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Passes connections on to a server. Ends with the program.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Whether the last bytes went to the server.
    to_server: Mutex<bool>,
    turns: AtomicUsize,
    connections: AtomicUsize,
    /// Nothing is passed on any more.
    frozen: AtomicBool,
}

impl Proxy {
    /// To the port `server`, once `failing` connections have ended in the middle of the handshake.
    pub(crate) fn start(server: u16, failing: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::new(Seen::default());
        let watch = Arc::clone(&seen);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let mut client = client.expect("a connection");
                if watch.connections.fetch_add(1, Ordering::SeqCst) < failing {
                    let _ = client.write_all(b"SSH-2.0-busy\r\n");
                    continue;
                }
                let server = TcpStream::connect(("127.0.0.1", server)).expect("the server");
                for socket in [&client, &server] {
                    socket.set_nodelay(true).expect("an option");
                }
                let pairs = [(client.try_clone(), server.try_clone(), true), (server.try_clone(), client.try_clone(), false)];
                for (from, to, to_server) in pairs {
                    let (from, to, watch) = (from.expect("a socket"), to.expect("a socket"), Arc::clone(&watch));
                    std::thread::spawn(move || watch.pass_on(from, to, to_server));
                }
            }
        });
        Self { port, seen }
    }

    /// How often the controller has spoken after the host had, so far: each is a wait for the network.
    pub(crate) fn turns(&self) -> usize {
        self.seen.turns.load(Ordering::SeqCst)
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Passes nothing on any more, as a network that is gone.
    pub(crate) fn freeze(&self) {
        self.seen.frozen.store(true, Ordering::SeqCst);
    }
}

impl Seen {
    fn pass_on(&self, mut from: TcpStream, mut to: TcpStream, to_server: bool) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            while self.frozen.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(50));
            }
            {
                let mut last = self.to_server.lock().unwrap_or_else(PoisonError::into_inner);
                if to_server && !*last {
                    self.turns.fetch_add(1, Ordering::SeqCst);
                }
                *last = to_server;
            }
            if to.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    }
}
