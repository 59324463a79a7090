//! What results say of an answer.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::super::Failure;
use super::super::shared::encoding::Encoding;
use crate::base::url::Url;
use crate::system::{HttpResponse, System};

/// An answer with its content, in memory or in a scratch file; or why there is none.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) response: HttpResponse,
    pub(super) bytes: Vec<u8>,
    pub(super) file: Option<PathBuf>,
    pub(super) reason: Option<String>,
}

/// The content of an answer, as far as it is told.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) text: Option<String>,
    pub(super) json: Option<Value>,
}

impl Answer {
    pub(super) fn status(&self) -> i64 {
        if self.reason.is_some() { -1 } else { i64::from(self.response.status) }
    }

    /// The headers, under names that can be used as variables.
    pub(super) fn headers(&self) -> Map<String, Value> {
        let mut all: Map<String, Value> = Map::new();
        for (name, value) in &self.response.headers {
            let name = name.to_lowercase().replace('-', "_");
            let joined = match all.get(&name).and_then(Value::as_str) {
                Some(first) => format!("{first}, {value}"),
                None => value.clone(),
            };
            all.insert(name, joined.into());
        }
        all
    }

    /// The cookies by name, and all in one line.
    pub(super) fn cookies(&self) -> (Map<String, Value>, String) {
        let mut all = Map::new();
        for (_, value) in self.response.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let pair = value.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                all.insert(name.trim().to_owned(), value.trim().into());
            }
        }
        let line: Vec<String> = all.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default())).collect();
        (all, line.join("; "))
    }

    /// Whether it came from another place than `asked`.
    pub(super) fn is_redirected(&self, asked: &str) -> bool {
        match (Url::parse(asked), Url::parse(&self.response.url)) {
            (Some(asked), Some(found)) => asked.text() != found.text(),
            _ => false,
        }
    }

    /// In a few words, what the server said.
    pub(super) fn message(&self) -> String {
        if let Some(reason) = &self.reason {
            return reason.clone();
        }
        let HttpResponse { status, reason, .. } = &self.response;
        if (200..300).contains(status) {
            format!("OK ({} bytes)", self.response.header("content-length").unwrap_or("unknown"))
        } else {
            format!("HTTP Error {status}: {reason}")
        }
    }

    /// The content: as text if it is asked for, as data if it is JSON.
    pub(super) fn content(&self, system: &dyn System, as_text: bool) -> Result<Content, Failure> {
        let (mime, charset) = self.content_type();
        let subtype = mime.split_once('/').map_or("", |(_, subtype)| subtype);
        let may_be_json = subtype.contains("json") || subtype.contains("javascript");
        if self.reason.is_some() || !(as_text || may_be_json) {
            return Ok(Content::default());
        }
        let read;
        let bytes = match &self.file {
            Some(file) => {
                read = system.read(file)?;
                &read
            }
            None => &self.bytes,
        };
        let encoding = Encoding::find(charset.as_deref().unwrap_or("utf-8"));
        let text = encoding.decode(system, bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned());
        let json = if may_be_json { serde_json::from_str(&text).ok() } else { None };
        Ok(Content { json, text: as_text.then_some(text) })
    }

    /// The type of the content in lower case, and its character set.
    fn content_type(&self) -> (String, Option<String>) {
        let header = self.response.header("content-type").unwrap_or_default();
        let mut parts = header.split(';').map(str::trim);
        let mime = parts.next().unwrap_or_default().to_lowercase();
        let charset = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_owned())
        });
        (mime, charset.filter(|charset| !charset.is_empty()))
    }
}
