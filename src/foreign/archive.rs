//! Files as a zip archive, whose bytes depend on nothing but the files.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// An archive with these files, by their paths in it.
///
/// # Errors
/// A path or size that an archive cannot have.
pub(super) fn pack(contents: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, String> {
    let failed = |error: zip::result::ZipError| error.to_string();
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in contents {
        writer.start_file(path.as_str(), options).map_err(failed)?;
        writer.write_all(bytes).map_err(|error| error.to_string())?;
    }
    Ok(writer.finish().map_err(failed)?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_files_make_equal_bytes() {
        let contents = BTreeMap::from([("b/c.py".to_owned(), b"x = 1\n".to_vec()), ("a.py".to_owned(), b"".to_vec())]);
        let first = pack(&contents).unwrap();
        assert_eq!(first, pack(&contents).unwrap());
        let mut archive = zip::ZipArchive::new(Cursor::new(first)).unwrap();
        assert_eq!(archive.len(), 2);
        let mut text = String::new();
        std::io::Read::read_to_string(&mut archive.by_name("b/c.py").unwrap(), &mut text).unwrap();
        assert_eq!(text, "x = 1\n");
    }
}
