//! The user data of an instance as text.

use std::io::Read;

use flate2::read::{GzDecoder, ZlibDecoder};

/// User data have 16 KiB at most, which cannot become more than this.
const LARGEST: u64 = 32 << 20;

/// `bytes` as text, unpacked when they are compressed by gzip or zlib. Bytes that are no UTF-8 are left out, with a warning.
pub(super) fn text(bytes: &[u8], warnings: &mut Vec<String>) -> String {
    let unpacked = match bytes {
        [0x1f, 0x8b, ..] => Some(read(GzDecoder::new(bytes))),
        [0x78, 0x9c, ..] => Some(read(ZlibDecoder::new(bytes))),
        _ => None,
    };
    let bytes = match &unpacked {
        Some(Ok(unpacked)) => unpacked,
        Some(Err(error)) => {
            warnings.push(format!("the user data look compressed, but cannot be unpacked, and are taken as they are: {error}"));
            bytes
        }
        None => bytes,
    };
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            warnings
                .push("the user data are no text in UTF-8; the bytes that do not fit are left out of `ansible_ec2_user_data`".to_owned());
            bytes.utf8_chunks().map(|chunk| chunk.valid()).collect()
        }
    }
}

fn read(packed: impl Read) -> std::io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    packed.take(LARGEST).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}
