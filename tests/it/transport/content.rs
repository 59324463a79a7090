//! Content that comes in part, and content that is mostly nothing.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use kconf::modules::ContentRef;
use kconf::transport::{ContentSource, Hop, Incoming, LiveSender, NoContent, Stage};
use serde_json::json;

use super::server::{Sshd, eventually, target};
use super::tasks::{Store, hub, task};

/// Content of which a part comes, then word of it, and then nothing until the other end of `more` is dropped.
#[derive(Clone)]
struct Half {
    left: usize,
    came: SyncSender<()>,
    more: Arc<Mutex<Receiver<()>>>,
}

impl Read for Half {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            let _ = (self.came.send(()), self.more.lock().expect("lock").recv());
            return Ok(0);
        }
        let n = buffer.len().min(self.left);
        buffer[..n].fill(7);
        self.left -= n;
        Ok(n)
    }
}

impl ContentSource for Half {
    fn open(&self, _: &ContentRef) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(self.clone()))
    }

    fn receive(&self, name: &str) -> io::Result<Box<dyn Incoming>> {
        NoContent.receive(name)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_in_part_leaves_the_old_file_and_nothing_else() {
    let sshd = Sshd::start();
    let hub = hub();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let folder = sshd.path("interrupted");
    fs::create_dir_all(&folder).expect("makes");
    fs::write(folder.join("f"), "old\n").expect("writes");
    let reference = json!({ "sha256": "11".repeat(32), "sha1": "11".repeat(20), "size": 9_000_000 });
    let copy = task("copy", json!({ "dest": folder.join("f").display().to_string(), "_content": reference, "mode": "0600" }));
    let ((came, half), (hold, more)) = (sync_channel(1), sync_channel(1));
    let content = Half { left: 2_000_000, came, more: Arc::new(Mutex::new(more)) };
    let running = tokio::spawn(async move { session.call(copy, &content, LiveSender::none()).await });
    tokio::task::spawn_blocking(move || half.recv()).await.expect("joins").expect("a part went");
    let names = || fs::read_dir(&folder).expect("reads").flatten().map(|entry| entry.file_name()).collect::<Vec<_>>();
    eventually("the start of the new file", || names().len() == 2);
    sshd.cut_connections();
    let error = running.await.expect("joins").expect_err("lost");
    assert_eq!(error.stage, Stage::Lost, "{error}");
    drop::<SyncSender<()>>(hold);
    eventually("the end of the new file", || names() == ["f"]);
    assert_eq!(fs::read_to_string(folder.join("f")).expect("reads"), "old\n");
    hub.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn holes_take_no_space_on_the_host() {
    let sshd = Sshd::start();
    let hub = hub();
    let session = hub.session(&sshd.target(), None).await.expect("connects");
    let mut store = Store::default();
    let content = store.add([b"start".to_vec(), vec![0; 9_000_000], b"end".to_vec()].concat());
    let copy = task("copy", json!({ "dest": sshd.path("sparse").display().to_string(), "_content": content, "mode": "0600" }));
    let result = session.call(copy, &store, LiveSender::none()).await.expect("is reached").result;
    assert_eq!(result["changed"], true, "{result:?}");
    assert!(fs::read(sshd.path("sparse")).expect("reads") == store.content[0], "the content is that of the controller");
    let stored = fs::metadata(sshd.path("sparse")).expect("is there").blocks() * 512;
    assert!(stored < 1_000_000, "{stored} bytes");
    hub.close().await;
}

/// Bytes that no two megabytes have in common, so that all of them travel.
fn noise(seed: u64, megabytes: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..megabytes << 17).flat_map(|_| next()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_through_a_bastion_does_not_wait_for_what_comes_back() {
    let bastion = Sshd::start();
    let hosts = [Sshd::start(), Sshd::start()];
    let hub = hub();
    let mut running = tokio::task::JoinSet::new();
    for (number, sshd) in hosts.iter().enumerate() {
        let way = target(sshd.hop(), vec![Hop { name: "bastion".to_owned(), ..bastion.hop() }]);
        let session = hub.session(&way, None).await.expect("connects");
        let bytes = noise(number as u64 + 1, 24);
        let path = sshd.path("large").display().to_string();
        let mut store = Store::default();
        let content = store.add(bytes.clone());
        let send = task("copy", json!({ "dest": path, "_content": content, "mode": "0600" }));
        running.spawn(async move {
            let sent = session.call(send, &store, LiveSender::none()).await.expect("is reached").result;
            assert_eq!(sent["changed"], true, "{sent:?}");
            assert!(fs::read(path).expect("reads") == bytes, "other bytes came");
        });
    }
    // What waits for ever would only end with all tests.
    tokio::time::timeout(std::time::Duration::from_secs(300), running.join_all()).await.expect("nobody waits for ever");
    hub.close().await;
}
