//! The stream of a connection that goes through a channel of the connection before it.
//!
//! The task behind a connection does one thing after the other: while what it sends is not taken, it takes nothing. Were its stream the
//! channel itself, two such tasks could wait for each other for ever: that of the bastion to hand on what came for the host, that of the
//! host to get rid of what it sends. So what a connection sends is taken at once.

use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream, copy_buf, duplex, join};

/// Bytes from the host that wait for its connection; when it does not keep up, the bastion is told to wait.
const INBOUND: usize = 256 * 1024;
/// Bytes to the host that wait for the bastion. More than all that a connection may have under way: a server gives each of its ten
/// channels two megabytes. What is not used takes no memory.
const OUTBOUND: usize = 64 * 1024 * 1024;
/// Bytes that are handed to the bastion at once: as many as a message of a channel holds.
const PIECE: usize = 32 * 1024;

/// A stream through `channel`, which is closed when the stream is dropped, or when the other side ends it.
pub(super) fn through(channel: Channel<Msg>) -> impl AsyncRead + AsyncWrite + Unpin + Send + 'static {
    let (inbound, inbound_end) = duplex(INBOUND);
    let (outbound, outbound_end) = duplex(OUTBOUND);
    tokio::spawn(async move {
        let (incoming, outgoing) = channel.split();
        let mut writer = outgoing.make_writer();
        let mut sent = BufReader::with_capacity(PIECE, outbound_end);
        // Whichever side ends, nobody is left to talk to.
        tokio::select! {
            () = receive(incoming, inbound_end) => {}
            _ = copy_buf(&mut sent, &mut writer) => {}
        }
        // It may be closed already.
        let _ = outgoing.close().await;
    });
    join(inbound, outbound)
}

/// Hands on what comes, to its end.
async fn receive(mut incoming: ChannelReadHalf, mut to: DuplexStream) {
    while let Some(message) = incoming.wait().await {
        match message {
            ChannelMsg::Data { data } if to.write_all(&data).await.is_ok() => {}
            ChannelMsg::Data { .. } | ChannelMsg::Eof | ChannelMsg::Close => return,
            _ => {}
        }
    }
}
