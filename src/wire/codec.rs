//! Messages to frames and back; reading and writing them with blocking streams.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{CHUNK, MAX_FRAME, Message};
use crate::system::Stream;

/// What can be wrong with what the peer sends, or with what it is sent.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The stream failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The stream ended within a frame.
    #[error("the stream ended in the middle of a frame")]
    Truncated,
    /// A frame is larger than [`MAX_FRAME`].
    #[error("a message of {0} bytes is more than the {MAX_FRAME} bytes that a frame may have")]
    TooLarge(usize),
    /// The bytes are no message.
    #[error("what was received is no message of this protocol: {0}")]
    Malformed(String),
}

const HELLO: u8 = 1;
const WELCOME: u8 = 2;
const REQUEST: u8 = 3;
const REPLY: u8 = 4;
const CANCEL: u8 = 5;
const LIVE: u8 = 6;
const CONTENT: u8 = 7;
const FORGET: u8 = 8;
const NEED: u8 = 9;
const OFFER: u8 = 10;
const DATA: u8 = 11;
const END: u8 = 12;
const CREDIT: u8 = 13;
const BYE: u8 = 14;
/// A piece of a transfer that is all zeros, as those in the holes of a file: only its length travels.
const ZEROS: u8 = 15;

/// From this length on it is worth to look whether a piece is all zeros.
const ZEROS_FROM: usize = 512;

/// Bytes of a frame's header: length and kind.
pub(super) const HEADER: usize = 5;

/// Appends the frame of `message` to `out`; leaves `out` as it was on an error.
fn encode(message: &Message, out: &mut Vec<u8>) -> Result<(), WireError> {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    let kind = match message {
        Message::Hello(m) => json(HELLO, m, out),
        Message::Welcome(m) => json(WELCOME, m, out),
        Message::Request(m) => json(REQUEST, m, out),
        Message::Reply(m) => json(REPLY, m, out),
        Message::Need(m) => json(NEED, m, out),
        Message::Offer(m) => json(OFFER, m, out),
        Message::Cancel(id) => Ok(raw(CANCEL, &[&id.to_be_bytes()], out)),
        Message::Live { id, stream, bytes } => {
            let stream = match stream {
                Stream::Stdout => 1,
                Stream::Stderr => 2,
            };
            Ok(raw(LIVE, &[&id.to_be_bytes(), &[stream], bytes], out))
        }
        Message::Content { sha256, bytes } => Ok(raw(CONTENT, &[sha256, bytes], out)),
        Message::Forget => Ok(FORGET),
        Message::Data { transfer, bytes } if is_hole(bytes) => {
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            Ok(raw(ZEROS, &[&transfer.to_be_bytes(), &length.to_be_bytes()], out))
        }
        Message::Data { transfer, bytes } => Ok(raw(DATA, &[&transfer.to_be_bytes(), bytes], out)),
        Message::End { transfer, error } => {
            let (failed, text) = error.as_ref().map_or((0, ""), |text| (1, text));
            Ok(raw(END, &[&transfer.to_be_bytes(), &[failed], text.as_bytes()], out))
        }
        Message::Credit { transfer, bytes } => Ok(raw(CREDIT, &[&transfer.to_be_bytes(), &bytes.to_be_bytes()], out)),
        Message::Bye(text) => Ok(raw(BYE, &[text.as_bytes()], out)),
    };
    let length = out.len() - start - (HEADER - 1);
    let kind = match kind {
        Ok(kind) if length <= MAX_FRAME => kind,
        Ok(_) => {
            out.truncate(start);
            return Err(WireError::TooLarge(length));
        }
        Err(error) => {
            out.truncate(start);
            return Err(WireError::Malformed(error.to_string()));
        }
    };
    if let (Some(head), Ok(length)) = (out.get_mut(start..start + HEADER), u32::try_from(length)) {
        head[..4].copy_from_slice(&length.to_be_bytes());
        head[4] = kind;
    }
    Ok(())
}

fn is_hole(bytes: &[u8]) -> bool {
    (ZEROS_FROM..=CHUNK).contains(&bytes.len()) && bytes.iter().all(|byte| *byte == 0)
}

fn json<T: Serialize>(kind: u8, message: &T, out: &mut Vec<u8>) -> Result<u8, serde_json::Error> {
    serde_json::to_writer(out, message).map(|()| kind)
}

fn raw(kind: u8, parts: &[&[u8]], out: &mut Vec<u8>) -> u8 {
    for part in parts {
        out.extend_from_slice(part);
    }
    kind
}

/// The length of what follows the length field, and the kind, of a frame that starts with `header`.
pub(super) fn parse_header(header: [u8; HEADER]) -> Result<(usize, u8), WireError> {
    let [a, b, c, d, kind] = header;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    match length {
        0 => Err(WireError::Malformed("an empty frame".to_owned())),
        1..=MAX_FRAME => Ok((length - 1, kind)),
        _ => Err(WireError::TooLarge(length)),
    }
}

/// The message of a frame.
pub(super) fn decode(kind: u8, payload: Vec<u8>) -> Result<Message, WireError> {
    Ok(match kind {
        HELLO => Message::Hello(parse(&payload)?),
        WELCOME => Message::Welcome(parse(&payload)?),
        REQUEST => Message::Request(parse(&payload)?),
        REPLY => Message::Reply(parse(&payload)?),
        NEED => Message::Need(parse(&payload)?),
        OFFER => Message::Offer(parse(&payload)?),
        CANCEL => Message::Cancel(number(&payload, 0)?),
        LIVE => {
            let stream = match payload.get(4) {
                Some(1) => Stream::Stdout,
                Some(2) => Stream::Stderr,
                _ => return Err(short("live output")),
            };
            Message::Live { id: number(&payload, 0)?, stream, bytes: rest(payload, 5)? }
        }
        CONTENT => {
            let sha256 = payload.first_chunk::<32>().copied().ok_or_else(|| short("content"))?;
            Message::Content { sha256, bytes: rest(payload, 32)? }
        }
        FORGET => Message::Forget,
        DATA => Message::Data { transfer: number(&payload, 0)?, bytes: rest(payload, 4)? },
        ZEROS => {
            let length = number(&payload, 4)? as usize;
            if length > CHUNK {
                return Err(WireError::TooLarge(length));
            }
            Message::Data { transfer: number(&payload, 0)?, bytes: vec![0; length] }
        }
        END => {
            let transfer = number(&payload, 0)?;
            let failed = *payload.get(4).ok_or_else(|| short("an end"))? != 0;
            let text = String::from_utf8_lossy(&rest(payload, 5)?).into_owned();
            Message::End { transfer, error: failed.then_some(text) }
        }
        CREDIT => Message::Credit { transfer: number(&payload, 0)?, bytes: number(&payload, 4)? },
        BYE => Message::Bye(String::from_utf8_lossy(&payload).into_owned()),
        other => return Err(WireError::Malformed(format!("a frame of unknown kind {other}"))),
    })
}

fn parse<T: DeserializeOwned>(payload: &[u8]) -> Result<T, WireError> {
    serde_json::from_slice(payload).map_err(|error| WireError::Malformed(error.to_string()))
}

fn number(payload: &[u8], at: usize) -> Result<u32, WireError> {
    let bytes = payload.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or_else(|| short("a number"))?;
    Ok(u32::from_be_bytes(*bytes))
}

fn rest(mut payload: Vec<u8>, at: usize) -> Result<Vec<u8>, WireError> {
    if payload.len() < at {
        return Err(short("data"));
    }
    payload.drain(..at);
    Ok(payload)
}

fn short(what: &str) -> WireError {
    WireError::Malformed(format!("{what} is incomplete"))
}

/// The frame of a message.
///
/// # Errors
/// When it is larger than a frame may be.
pub fn frame(message: &Message) -> Result<Vec<u8>, WireError> {
    let mut frame = Vec::new();
    encode(message, &mut frame)?;
    Ok(frame)
}

/// Writes one message and flushes.
///
/// # Errors
/// [`WireError::TooLarge`] leaves the stream usable; after any other error it is not.
pub fn write_message(stream: &mut impl Write, message: &Message) -> Result<(), WireError> {
    stream.write_all(&frame(message)?)?;
    stream.flush()?;
    Ok(())
}

/// Reads one message; `None` when the stream ends between two.
///
/// # Errors
/// The stream is not usable afterwards.
pub fn read_message(stream: &mut impl Read) -> Result<Option<Message>, WireError> {
    let mut header = [0; HEADER];
    let mut got = 0;
    while got < HEADER {
        match stream.read(header.get_mut(got..).unwrap_or_default()) {
            Ok(0) if got == 0 => return Ok(None),
            Ok(0) => return Err(WireError::Truncated),
            Ok(n) => got += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let (length, kind) = parse_header(header)?;
    // The peer's word for the length is not enough to set the memory aside: it grows with what really comes.
    let mut payload = Vec::with_capacity(length.min(super::CHUNK));
    stream.by_ref().take(length as u64).read_to_end(&mut payload)?;
    if payload.len() < length {
        return Err(WireError::Truncated);
    }
    decode(kind, payload).map(Some)
}

#[cfg(test)]
mod tests {
    use super::super::{Need, Request};
    use super::*;
    use crate::modules::ContentRef;

    fn round_trip(message: &Message) -> Message {
        let mut bytes = Vec::new();
        write_message(&mut bytes, message).expect("writes");
        let mut rest = bytes.as_slice();
        let read = read_message(&mut rest).expect("reads").expect("is there");
        assert!(rest.is_empty());
        read
    }

    #[test]
    fn every_kind_survives_the_way_there() {
        let content = ContentRef { sha256: "aa".into(), sha1: "bb".into(), size: 3 };
        let messages = [
            Message::Hello(super::super::Hello { version: 1, temp_dir: Some("~/t".into()), discard: true }),
            Message::Welcome(super::super::Welcome { version: 1, pid: 7 }),
            Message::Request(Request {
                id: 4,
                tasks: vec![],
                contents: vec!["cc".into()],
                live: true,
                foreign: vec![],
                on_failure: super::super::OnFailure::Stop,
                acting_for: None,
            }),
            Message::Cancel(4),
            Message::Live { id: 4, stream: Stream::Stderr, bytes: b"ow\xff".to_vec() },
            Message::Content { sha256: [9; 32], bytes: b"small".to_vec() },
            Message::Forget,
            Message::Need(Need { id: 4, transfer: 1, content }),
            Message::Data { transfer: 1, bytes: vec![0, 1, 2] },
            Message::Data { transfer: 1, bytes: vec![0; 8] },
            Message::Data { transfer: 1, bytes: vec![0; CHUNK] },
            Message::End { transfer: 1, error: None },
            Message::End { transfer: 1, error: Some("gone".into()) },
            Message::Credit { transfer: 1, bytes: 65_536 },
            Message::Bye("over".into()),
        ];
        for message in messages {
            assert_eq!(format!("{:?}", round_trip(&message)), format!("{message:?}"));
        }
    }

    #[test]
    fn the_end_of_the_stream_is_an_error_only_within_a_frame() {
        let mut bytes = Vec::new();
        write_message(&mut bytes, &Message::Bye("over".into())).expect("writes");
        assert!(read_message(&mut [].as_slice()).expect("no error").is_none());
        for cut in 1..bytes.len() {
            assert!(matches!(read_message(&mut &bytes[..cut]), Err(WireError::Truncated)), "cut at {cut}");
        }
    }

    #[test]
    fn too_large_a_frame_is_refused_on_both_sides() {
        let mut out = vec![1];
        let huge = Message::Data { transfer: 1, bytes: vec![0; MAX_FRAME] };
        assert!(matches!(encode(&huge, &mut out), Err(WireError::TooLarge(_))));
        assert_eq!(out, [1], "nothing of it is sent");
        let mut header: &[u8] = &[0xff, 0xff, 0xff, 0xff, DATA, 0, 0];
        assert!(matches!(read_message(&mut header), Err(WireError::TooLarge(_))));
    }

    #[test]
    fn of_zeros_only_their_number_travels() {
        let sent = |bytes: Vec<u8>| {
            let mut out = Vec::new();
            encode(&Message::Data { transfer: 1, bytes }, &mut out).expect("fits");
            out.len()
        };
        assert_eq!(sent(vec![0; CHUNK]), HEADER + 8);
        let mut almost = vec![0; CHUNK];
        almost[CHUNK - 1] = 1;
        assert_eq!(sent(almost), HEADER + 4 + CHUNK);
        // More than a piece may have is not made from a number.
        let mut out = vec![0, 0, 0, 9, ZEROS, 0, 0, 0, 1];
        out.extend_from_slice(&u32::MAX.to_be_bytes());
        assert!(matches!(read_message(&mut out.as_slice()), Err(WireError::TooLarge(_))));
    }

    #[test]
    fn text_of_another_program_is_no_message() {
        assert!(read_message(&mut b"Welcome to this host!\n".as_slice()).is_err());
        assert!(matches!(read_message(&mut [0, 0, 0, 1, 99].as_slice()), Err(WireError::Malformed(_))));
        assert!(matches!(read_message(&mut [0, 0, 0, 3, CANCEL, 1, 2].as_slice()), Err(WireError::Malformed(_))));
    }
}
