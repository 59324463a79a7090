//! Reading messages from the controller's streams.

use tokio::io::{AsyncRead, AsyncReadExt};

use super::codec::{HEADER, decode, parse_header};
use super::{CHUNK, Message, WireError};

/// Reads one message; `None` when the stream ends between two. Not safe to drop half-way: then the stream is out of step.
///
/// # Errors
/// The stream is not usable afterwards.
pub async fn read_message_async(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<Message>, WireError> {
    let mut header = [0; HEADER];
    let mut got = 0;
    while got < HEADER {
        match stream.read(header.get_mut(got..).unwrap_or_default()).await? {
            0 if got == 0 => return Ok(None),
            0 => return Err(WireError::Truncated),
            n => got += n,
        }
    }
    let (length, kind) = parse_header(header)?;
    let mut payload = Vec::with_capacity(length.min(CHUNK));
    stream.take(length as u64).read_to_end(&mut payload).await?;
    if payload.len() < length {
        return Err(WireError::Truncated);
    }
    decode(kind, payload).map(Some)
}
