//! The metadata service: session tokens, documents and folders.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::modules::shared::http::get;
use crate::modules::{Context, Failure};
use crate::system::{Connections, Error, ErrorKind, HttpRequest, HttpResponse, Redirects};

/// Where it is, on every instance.
pub(super) const ADDRESS: &str = "http://169.254.169.254";
/// The newest version of what it knows.
const VERSION: &str = "latest";
/// It is on the machine below the instance, so what takes longer is not there.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait when it is busy.
const PAUSE: Duration = Duration::from_secs(1);
/// An instance has hundreds of documents at most, of a few kilobytes, in folders seven deep.
const MOST_REQUESTS: usize = 10_000;
const DEEPEST: usize = 16;
const LARGEST: usize = 1 << 20;

/// A document, by its path from the folder that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Document {
    /// Its folders and its name.
    pub(super) path: Vec<String>,
    /// Its content; `None` when it is listed, but not there.
    pub(super) content: Option<String>,
}

impl Document {
    /// The name of its fact, before signs are replaced.
    pub(super) fn name(&self) -> String {
        self.path.join("-")
    }
}

/// The service, with a session.
pub(super) struct Service<'a, 'c> {
    ctx: &'a Context<'c>,
    lifetime: i64,
    token: String,
    connections: Connections,
    asked: usize,
}

impl<'a, 'c> Service<'a, 'c> {
    /// Begins a session of `lifetime` seconds.
    pub(super) fn open(ctx: &'a Context<'c>, lifetime: i64) -> Result<Self, Failure> {
        let mut service = Self { ctx, lifetime, token: String::new(), connections: Connections::default(), asked: 0 };
        service.renew()?;
        Ok(service)
    }

    fn renew(&mut self) -> Result<(), Failure> {
        let mut request = self.request("PUT", "api/token");
        request.headers.insert("X-aws-ec2-metadata-token-ttl-seconds".to_owned(), self.lifetime.to_string());
        let purpose = "get a session token of the metadata service of EC2";
        let (head, bytes) = match self.send(&request) {
            Ok(answer) => answer,
            Err(error) => {
                let hint =
                    "is the host an EC2 instance, and its metadata service in reach? From inside a container that takes a larger hop limit";
                return Err(no_answer(purpose, &request, error).hint(hint));
            }
        };
        let token = String::from_utf8_lossy(&bytes).trim().to_owned();
        if head.status == 200 && !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.token = token;
            return Ok(());
        }
        if head.status == 200 {
            return Err(Failure::new(format!("failed to {purpose}: `{}` answers with something that is none", request.url)));
        }
        let hint = if head.status == 403 {
            "the metadata service of this instance is switched off; `HttpEndpoint` of its metadata options says so"
        } else {
            "is the host an EC2 instance? Something else answers at this address"
        };
        Err(wrong_answer(purpose, &request, &head, &bytes).hint(hint))
    }

    /// The content of the document at `path`, if there is one.
    pub(super) fn document(&mut self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.asked += 1;
        if self.asked > MOST_REQUESTS {
            return Err(Failure::new(format!("failed to ask about the instance: `{ADDRESS}` lists more than {MOST_REQUESTS} documents")));
        }
        let purpose = "ask about the instance";
        let mut request = self.request("GET", path);
        let mut has_failed = false;
        loop {
            request.headers.insert("X-aws-ec2-metadata-token".to_owned(), self.token.clone());
            let failure = match self.send(&request) {
                Ok((head, bytes)) if head.status == 200 => return Ok(Some(bytes)),
                Ok((head, _)) if head.status == 404 => return Ok(None),
                Ok((head, _)) if head.status == 401 && !has_failed => {
                    // The token has run out.
                    has_failed = true;
                    self.renew()?;
                    continue;
                }
                Ok((head, bytes)) => {
                    let failure = wrong_answer(purpose, &request, &head, &bytes);
                    if head.status != 429 && head.status < 500 {
                        return Err(failure);
                    }
                    failure
                }
                Err(error) if matches!(error.kind, ErrorKind::Cancelled | ErrorKind::Unpredictable | ErrorKind::Unsupported) => {
                    return Err(error.into());
                }
                Err(error) => no_answer(purpose, &request, error),
            };
            if std::mem::replace(&mut has_failed, true) {
                return Err(failure);
            }
            self.ctx.system.sleep(PAUSE)?;
        }
    }

    /// All documents in the folder `top` and the folders in it; `None` when it is not there.
    pub(super) fn walk(&mut self, top: &str) -> Result<Option<Vec<Document>>, Failure> {
        let mut found = Vec::new();
        let is_there = self.enter(top, &mut Vec::new(), &mut found)?;
        Ok(is_there.then_some(found))
    }

    fn enter(&mut self, top: &str, path: &mut Vec<String>, found: &mut Vec<Document>) -> Result<bool, Failure> {
        let place =
            |path: &[String]| std::iter::once(top.to_owned()).chain(path.iter().map(|part| encoded(part))).collect::<Vec<_>>().join("/");
        let folder = format!("{}/", place(path));
        if path.len() > DEEPEST {
            return Err(Failure::new(format!(
                "failed to ask about the instance: `{ADDRESS}/{VERSION}/{folder}` is deeper than {DEEPEST} folders"
            )));
        }
        let Some(listing) = self.document(&folder)? else { return Ok(false) };
        for line in String::from_utf8_lossy(&listing).lines().filter(|line| !line.is_empty()) {
            let (name, is_folder) = line.strip_suffix('/').map_or((line, false), |name| (name, true));
            path.push(name.to_owned());
            let document = Document { path: path.clone(), content: None };
            // The first key is listed as `0=name`, which is no document; it has a fact of its own.
            let is_key = document.name().contains("public-keys-0");
            if is_folder && !is_key {
                self.enter(top, path, found)?;
            } else if !is_key {
                let content = self.document(&place(path))?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                found.push(Document { content, ..document });
            }
            path.pop();
        }
        Ok(true)
    }

    fn request(&self, method: &str, path: &str) -> HttpRequest {
        HttpRequest {
            method: method.to_owned(),
            timeout: TIMEOUT,
            redirects: Redirects::Safe,
            // What a proxy reaches there is the service of another machine.
            use_proxy: false,
            connections: Some(self.connections.clone()),
            ..get(self.ctx, &format!("{ADDRESS}/{VERSION}/{path}"), true)
        }
    }

    fn send(&self, request: &HttpRequest) -> Result<(HttpResponse, Vec<u8>), Error> {
        let mut content = Limited(Vec::new());
        let head = self.ctx.system.http_probe(request, &mut content)?;
        Ok((head, content.0))
    }
}

/// Bytes up to [`LARGEST`].
struct Limited(Vec<u8>);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST {
            return Err(io::Error::other(format!("it is larger than {} MiB", LARGEST >> 20)));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A name as it stands in a URL.
fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
    name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn no_answer(purpose: &str, request: &HttpRequest, error: Error) -> Failure {
    let message = format!("failed to {purpose} at `{}`: {}", request.url, error.reason);
    let response = Map::from_iter([
        ("status".to_owned(), (-1).into()),
        ("url".to_owned(), request.url.as_str().into()),
        ("msg".to_owned(), error.reason.as_str().into()),
    ]);
    Failure { message, ..Failure::from(error) }.with("response", response)
}

fn wrong_answer(purpose: &str, request: &HttpRequest, head: &HttpResponse, content: &[u8]) -> Failure {
    let said = format!("{} {}", head.status, head.reason).trim().to_owned();
    let mut response: Map<String, Value> = head.headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    response.insert("status".to_owned(), head.status.into());
    response.insert("url".to_owned(), request.url.as_str().into());
    response.insert("msg".to_owned(), format!("HTTP Error {said}").into());
    response.insert("body".to_owned(), String::from_utf8_lossy(content).into());
    Failure::new(format!("failed to {purpose}: `{}` answers {said}", request.url)).with("response", response)
}
