//! How far content is on its way, told as live output of its task.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::modules::ContentRef;
use crate::system::Stream;
use crate::transport::content::Incoming;
use crate::transport::{ContentSource, LiveSender};

/// Between two lines, and before the first: what takes less needs none.
const PAUSE: Duration = Duration::from_millis(500);

/// Content of this size is told by itself, smaller ones by their sum.
const LARGE: u64 = 4_000_000;

/// Content that tells how much of it went, or came.
pub struct Told<'a> {
    content: &'a dyn ContentSource,
    teller: Teller,
}

impl<'a> Told<'a> {
    /// Tells `live`, when that wants to know.
    pub fn new(content: &'a dyn ContentSource, live: LiveSender) -> Self {
        Self { content, teller: Teller { live, state: Arc::new(Mutex::new(State { last: Instant::now(), sum: 0 })) } }
    }
}

impl ContentSource for Told<'_> {
    fn open(&self, content: &ContentRef) -> io::Result<Box<dyn Read + Send>> {
        let inner = self.content.open(content)?;
        if !self.teller.live.wanted() {
            return Ok(inner);
        }
        Ok(Box::new(Counted { inner, teller: self.teller.clone(), own: 0, size: content.size }))
    }

    fn receive(&self, name: &str) -> io::Result<Box<dyn Incoming>> {
        let inner = self.content.receive(name)?;
        if !self.teller.live.wanted() {
            return Ok(inner);
        }
        Ok(Box::new(Counted { inner, teller: self.teller.clone(), own: 0, size: 0 }))
    }
}

#[derive(Clone)]
struct Teller {
    live: LiveSender,
    state: Arc<Mutex<State>>,
}

struct State {
    last: Instant,
    /// Bytes of all content.
    sum: u64,
}

impl Teller {
    /// `more` bytes passed, of content of which `own` have passed so far.
    fn passed(&self, more: usize, own: u64, line: impl Fn(u64, u64) -> String) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sum += more as u64;
        if state.last.elapsed() >= PAUSE {
            state.last = Instant::now();
            self.live.send(Stream::Stdout, (line(own, state.sum) + "\n").as_bytes());
        }
    }
}

/// One content on its way.
struct Counted<T: ?Sized> {
    teller: Teller,
    own: u64,
    size: u64,
    inner: Box<T>,
}

impl Read for Counted<dyn Read + Send> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.own += n as u64;
        let size = self.size;
        self.teller.passed(n, self.own, |own, sum| {
            if size >= LARGE { format!("sent {} of {}", megabytes(own), megabytes(size)) } else { format!("sent {}", megabytes(sum)) }
        });
        Ok(n)
    }
}

impl Write for Counted<dyn Incoming> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.own += n as u64;
        self.teller.passed(n, self.own, |_, sum| format!("received {}", megabytes(sum)));
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Incoming for Counted<dyn Incoming> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        self.inner.finish()
    }
}

/// "0.4 MB", "120 MB".
#[expect(clippy::cast_precision_loss, reason = "for people")]
fn megabytes(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    if megabytes < 10.0 { format!("{megabytes:.1} MB") } else { format!("{megabytes:.0} MB") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::NoContent;

    /// What is told when `sizes` pass, each after the pause.
    fn told(content: &[(u64, &[u64])]) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        let live = LiveSender::new(move |_, bytes| sink.lock().unwrap().push(String::from_utf8(bytes.to_vec()).unwrap()));
        let teller = Told::new(&NoContent, live).teller;
        for (size, pieces) in content {
            let inner: Box<dyn Read + Send> = Box::new(io::repeat(1));
            let mut counted = Counted { teller: teller.clone(), own: 0, size: *size, inner };
            for piece in *pieces {
                let Some(before) = Instant::now().checked_sub(PAUSE) else { return Vec::new() };
                teller.state.lock().unwrap().last = before;
                let read = Read::read(&mut counted, &mut vec![0; usize::try_from(*piece).unwrap()]).unwrap();
                assert_eq!(read as u64, *piece);
            }
        }
        drop(teller);
        Arc::into_inner(lines).map(|lines| lines.into_inner().unwrap()).unwrap_or_default()
    }

    #[test]
    fn large_content_is_told_by_itself_and_small_by_its_sum() {
        assert_eq!(told(&[(25_000_000, &[5_000_000, 10_000_000])]), ["sent 5.0 MB of 25 MB\n", "sent 15 MB of 25 MB\n"]);
        assert_eq!(told(&[(1_000_000, &[1_000_000]), (400_000, &[400_000])]), ["sent 1.0 MB\n", "sent 1.4 MB\n"]);
    }

    #[test]
    fn what_is_quick_is_not_told() {
        let lines = Arc::new(Mutex::new(0));
        let sink = lines.clone();
        let told = Told::new(&NoContent, LiveSender::new(move |_, _| *sink.lock().unwrap() += 1));
        // The pause begins now, however slow this machine is.
        told.teller.state.lock().unwrap().last = Instant::now() + Duration::from_secs(3600);
        let mut counted =
            Counted::<dyn Read + Send> { teller: told.teller.clone(), own: 0, size: 9_000_000, inner: Box::new(io::repeat(1)) };
        assert_eq!(counted.read(&mut [0; 1000]).unwrap(), 1000);
        assert_eq!(*lines.lock().unwrap(), 0);
    }
}
