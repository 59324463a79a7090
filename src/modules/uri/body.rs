//! What a request sends.

use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::coerce::spaced_json;
use super::super::{ContentRef, Context, Failure};
use super::Arguments;
use crate::base::python;
use crate::base::url::form_encode;

/// How data become text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Format {
    #[serde(rename = "raw")]
    Raw,
    #[serde(rename = "json")]
    Json,
    #[serde(rename = "form-urlencoded")]
    Form,
    #[serde(rename = "form-multipart")]
    Multipart,
}

/// The content of a request.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) bytes: Option<Vec<u8>>,
    pub(super) mime: Option<String>,
    /// Whether no other type may be said.
    pub(super) is_binding: bool,
}

pub(super) fn make(ctx: &mut Context<'_>, args: &Arguments) -> Result<Made, Failure> {
    let refusal = |why: String| Failure::new(format!("failed to make the body of the request: {why}"));
    let body = &args.body;
    Ok(match args.body_format {
        Format::Raw => match body {
            Value::Null => Made::default(),
            Value::Array(_) | Value::Object(_) => {
                return Err(refusal("data need a `body_format`, for example `json`".to_owned()));
            }
            text => Made { bytes: Some(python::text(text).into_bytes()), ..Made::default() },
        },
        Format::Json => {
            let bytes = match body {
                Value::Null => None,
                Value::String(text) => Some(text.clone().into_bytes()),
                data => Some(spaced_json(data).into_bytes()),
            };
            Made { bytes, mime: Some("application/json".to_owned()), is_binding: false }
        }
        Format::Form => {
            let text = form(body).map_err(refusal)?;
            Made { bytes: text.map(String::into_bytes), mime: Some("application/x-www-form-urlencoded".to_owned()), is_binding: false }
        }
        Format::Multipart => {
            let Value::Object(fields) = body else { return Err(refusal("`form-multipart` needs a mapping".to_owned())) };
            let boundary = format!("{:=<15}{:032x}==", "", rand::random::<u128>());
            let bytes = multipart(ctx, fields, args._files.as_ref(), &boundary).map_err(|why| match why {
                Why::Wrong(why) => refusal(why),
                Why::Failed(failure) => failure,
            })?;
            Made { bytes: Some(bytes), mime: Some(format!("multipart/form-data; boundary=\"{boundary}\"")), is_binding: true }
        }
    })
}

/// A mapping, or a list of pairs, as `a=1&b=2`. What is null is left out, and a list is many values of one name.
fn form(body: &Value) -> Result<Option<String>, String> {
    let pairs: Vec<(String, &Value)> = match body {
        Value::Null => return Ok(None),
        Value::String(text) => return Ok(Some(text.clone())),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().map(pair).collect::<Result<_, _>>()?,
        _ => return Err("`form-urlencoded` needs a mapping, a list of pairs or text".to_owned()),
    };
    let mut parts = Vec::new();
    for (name, value) in pairs {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values.iter().filter(|value| !value.is_null()) {
            parts.push(format!("{}={}", form_encode(&name), form_encode(&python::text(value))));
        }
    }
    Ok(Some(parts.join("&")))
}

/// Why a form cannot be made.
enum Why {
    Wrong(String),
    Failed(Failure),
}

fn multipart(
    ctx: &mut Context<'_>,
    fields: &Map<String, Value>,
    files: Option<&Map<String, Value>>,
    boundary: &str,
) -> Result<Vec<u8>, Why> {
    let mut out = Vec::new();
    for (name, value) in fields {
        let part = match value {
            Value::String(text) => Part::text(text),
            Value::Object(options) => file(ctx, name, options, files.and_then(|files| files.get(name)))?,
            _ => return Err(Why::Wrong(format!("the field `{name}` must be text or a mapping"))),
        };
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\r', '\n'], " ");
        out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        if let Some(encoding) = part.encoding {
            out.extend_from_slice(format!("Content-Transfer-Encoding: {encoding}\r\n").as_bytes());
        }
        let file_name = part.file_name.map(|name| format!("; filename=\"{}\"", quoted(&name))).unwrap_or_default();
        out.extend_from_slice(format!("Content-Type: {}\r\n", part.mime).as_bytes());
        out.extend_from_slice(format!("Content-Disposition: form-data; name=\"{}\"{file_name}\r\n\r\n", quoted(name)).as_bytes());
        out.extend_from_slice(&part.bytes);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(out)
}

/// A field of a form.
struct Part {
    encoding: Option<&'static str>,
    mime: String,
    file_name: Option<String>,
    bytes: Vec<u8>,
}

impl Part {
    /// Lines of text in forms end with `\r\n`.
    fn text(text: &str) -> Self {
        let bytes = text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes();
        Self { encoding: None, mime: "text/plain".to_owned(), file_name: None, bytes }
    }
}

fn file(ctx: &mut Context<'_>, name: &str, options: &Map<String, Value>, sent: Option<&Value>) -> Result<Part, Why> {
    let wrong = |why: String| Why::Wrong(format!("the field `{name}` {why}"));
    if let Some(other) = options.keys().find(|key| !["content", "filename", "mime_type", "multipart_encoding"].contains(&key.as_str())) {
        return Err(wrong(format!("has no option `{other}`; its options are `content`, `filename`, `mime_type` and `multipart_encoding`")));
    }
    let text = |key: &str| options.get(key).filter(|value| !value.is_null()).map(python::text).filter(|text| !text.is_empty());
    let path = text("filename");
    let file_name = path.as_deref().map(|path| path.rsplit('/').next().unwrap_or_default().to_owned());
    let mime = match (text("mime_type"), &file_name) {
        (Some(mime), _) => mime,
        (None, Some(name)) => mime_of(name).to_owned(),
        (None, None) => "application/octet-stream".to_owned(),
    };
    if let Some(content) = text("content") {
        return Ok(Part { mime, file_name, ..Part::text(&content) });
    }
    let Some(path) = path else { return Err(wrong("needs `content` or `filename`".to_owned())) };
    let bytes = match sent {
        Some(reference) => fetch(ctx, reference).map_err(Why::Failed)?,
        None => ctx.system.read(Path::new(&path)).map_err(|error| Why::Failed(error.into()))?,
    };
    let (encoding, bytes) = match text("multipart_encoding").as_deref() {
        None | Some("base64") => ("base64", lines_of_base64(&bytes)),
        Some("7or8bit") => (if bytes.is_ascii() { "7bit" } else { "8bit" }, bytes),
        Some(other) => return Err(wrong(format!("has the `multipart_encoding` `{other}`, which is neither `base64` nor `7or8bit`"))),
    };
    Ok(Part { encoding: Some(encoding), mime, file_name, bytes })
}

fn fetch(ctx: &mut Context<'_>, reference: &Value) -> Result<Vec<u8>, Failure> {
    let failed = |why: String| Failure::new(format!("failed to fetch a file of the form: {why}"));
    let reference: ContentRef = serde_json::from_value(reference.clone()).map_err(|error| failed(error.to_string()))?;
    let mut bytes = Vec::new();
    ctx.transfer.open(&reference)?.read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
    Ok(bytes)
}

/// Lines of 76 characters, each with its end.
fn lines_of_base64(bytes: &[u8]) -> Vec<u8> {
    let text = STANDARD.encode(bytes);
    text.as_bytes().chunks(76).flat_map(|line| [line, b"\r\n"].concat()).collect()
}

/// The type of a file by its name, as far as forms usually need it.
fn mime_of(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_lowercase();
    match extension.as_str() {
        "txt" | "c" | "h" | "bat" | "ksh" | "pl" => "text/plain",
        "htm" | "html" => "text/html",
        "css" => "text/css",
        "csv" => "text/csv",
        "py" => "text/x-python",
        "xml" => "text/xml",
        "js" => "application/javascript",
        "json" => "application/json",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "tar" => "application/x-tar",
        "sh" => "application/x-sh",
        "doc" => "application/msword",
        "xls" => "application/vnd.ms-excel",
        "ppt" => "application/vnd.ms-powerpoint",
        "p12" | "pfx" => "application/x-pkcs12",
        "gif" => "image/gif",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "bmp" => "image/bmp",
        "ico" => "image/vnd.microsoft.icon",
        "mp3" => "audio/mpeg",
        "wav" => "audio/x-wav",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}

/// A pair of a name and a value in a list for a form.
fn pair(item: &Value) -> Result<(String, &Value), String> {
    match item.as_array().map(Vec::as_slice) {
        Some([name, value]) => Ok((python::text(name), value)),
        _ => Err("a list for `form-urlencoded` must hold pairs of a name and a value".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn forms() {
        for (body, text) in [
            (json!({"a b": "c&d", "l": [1, 2], "t": true, "é": "ü", "n": null}), Some("a+b=c%26d&l=1&l=2&t=True&%C3%A9=%C3%BC")),
            (json!([["a", 1], ["a", 2]]), Some("a=1&a=2")),
            (json!("a=b"), Some("a=b")),
            (json!(null), None),
        ] {
            assert_eq!(form(&body), Ok(text.map(str::to_owned)));
        }
        assert!(form(&json!([["a"]])).is_err() && form(&json!(5)).is_err());
    }

    #[test]
    fn base64_comes_in_lines() {
        assert_eq!(lines_of_base64(b"hello\nworld foo\n"), b"aGVsbG8Kd29ybGQgZm9vCg==\r\n");
        let long = lines_of_base64(&[0; 100]);
        assert_eq!(long.iter().position(|byte| *byte == b'\r'), Some(76));
    }
}
