//! `uri`: a request to a web service.
//!
//! The controller half replaces a `src` of the controller by `_content`, and the files of a form of the controller by `_files`.

mod answer;
mod body;
mod dest;

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::http::{self, HTTP_OPTIONS, HttpOptions};
use super::shared::write::{self, Source};
use super::shared::{exists, times};
use super::spec::{BUILTIN, join};
use super::{Args, ContentRef, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::base::python;
use crate::system::{Error, ErrorKind, HttpBody, HttpRequest, HttpResponse, Redirects};
use answer::Answer;
use body::Format;

const OWN: &[Opt] = &[
    Opt::new("url", Kind::Str, "Where to, beginning with `http://` or `https://`.").required(),
    Opt::new("method", Kind::Str, "`GET`, `POST`, `PUT`, `PATCH`, `DELETE` or any other method.").default("\"GET\""),
    Opt::new(
        "body",
        Kind::Raw,
        "What to send: text, or data that `body_format` turns into text. In a `form-multipart` a field is text, or a mapping with `content` or `filename`, \
         `mime_type` and `multipart_encoding` (`base64`, the default of files, or `7or8bit`).",
    ),
    Opt::new(
        "body_format",
        Kind::Str,
        "What the body is, which also sets the header `Content-Type` unless `headers` does. `raw`: text as it is. `json`: data becomes JSON, text is \
         taken for JSON. `form-urlencoded`: a mapping or a list of pairs becomes a form. `form-multipart`: a mapping becomes a form with files.",
    )
    .default("\"raw\"")
    .choices(&["form-urlencoded", "json", "raw", "form-multipart"]),
    Opt::new("src", Kind::Path, "A file to send instead of `body`, looked for in the `files` folder of the role or playbook."),
    Opt::new("remote_src", Kind::Bool, "Look for `src`, and for files of a form, on the host instead.").default("false"),
    Opt::new("status_code", Kind::List(&Kind::Int), "The statuses that are no failure. -1 stands for no answer at all.").default("[200]"),
    Opt::new("return_content", Kind::Bool, "Whether the content of the answer is returned as `content`, also when all is well.").default("false"),
    Opt::new(
        "dest",
        Kind::Path,
        "Put the content of the answer here. A directory takes it under the name that the server gives it, or that ends the URL.",
    ),
    Opt::new(
        "force",
        Kind::Bool,
        "Tell the server and what is between that no stored copy will do. Without it a `dest` that is there is mentioned, and the server may answer \
         with status 304.",
    )
    .default("false"),
    Opt::new("creates", Kind::Path, "Make no request when this is there."),
    Opt::new("removes", Kind::Path, "Make no request when this is not there."),
    Opt::new(
        "follow_redirects",
        Kind::Str,
        "Which redirects to follow: `safe`: those of `GET` and `HEAD`; `all` (or `yes`, `urllib2`): all, and a `POST` may become a `GET`; `none` (or `no`).",
    )
    .default("\"safe\"")
    .choices(&["all", "no", "none", "safe", "urllib2", "yes"]),
    Opt::new("timeout", Kind::Int, "Seconds that the connection, and each wait for data, may take.").default("30"),
    Opt::new("ca_path", Kind::Path, "Certificates, in PEM, to check the server with instead of those of the host."),
    Opt::new("unix_socket", Kind::Path, "Connect to this socket file of the host instead of the host in `url`."),
    Opt::new("_content", Kind::Content, "The content of `src`."),
    Opt::new("_files", Kind::Raw, "The content of files of a form, by the names of their fields."),
];

const URL: [Opt; OWN.len() + HTTP_OPTIONS.len()] = join(OWN, HTTP_OPTIONS);
static OPTIONS: [Opt; URL.len() + FILE_OPTIONS.len()] = join(&URL, FILE_OPTIONS);

/// The declaration of `uri`.
pub static MODULE: Spec = Spec {
    name: "uri",
    collections: BUILTIN,
    summary: "Make a request to a web service",
    description: &[
        "Makes an HTTP request from the host and returns the answer. To fetch large files `get_url` is better.",
        "In check mode `GET`, `HEAD` and `OPTIONS` are made, since they change nothing; other requests are not made and the task is skipped.",
    ],
    options: &OPTIONS,
    rules: &[Rule::Exclusive(&["body", "src"])],
    free_form: None,
    returns: &[
        Return { name: "status", kind: "int", when: "always", doc: "The status; -1 when no answer came." },
        Return { name: "url", kind: "str", when: "always", doc: "Where the answer came from in the end." },
        Return { name: "redirected", kind: "bool", when: "always", doc: "Whether that is another place than asked for." },
        Return { name: "elapsed", kind: "int", when: "always", doc: "Seconds that it took." },
        Return { name: "content", kind: "str", when: "return_content or failure", doc: "The content of the answer." },
        Return { name: "json", kind: "any", when: "the answer is JSON", doc: "The content as data." },
        Return { name: "cookies", kind: "dict", when: "an answer came", doc: "Cookies that were set, by name." },
        Return {
            name: "cookies_string",
            kind: "str",
            when: "an answer came",
            doc: "The cookies as the header `Cookie` of later requests takes them.",
        },
        Return { name: "path", kind: "str", when: "dest is given", doc: "The file, and its `mode`, `owner`, `group` and `size`." },
        Return {
            name: "content_type",
            kind: "str",
            when: "an answer came",
            doc: "This and all other headers of the answer: names in lower case, with `_` for `-`; repeated ones joined by `, `.",
        },
    ],
    examples: "
- name: The service is healthy
  uri:
    url: http://127.0.0.1:8551/health
    return_content: true
  register: health
  until: health.status == 200
  retries: 10
  delay: 3

- name: Ask for the number of the newest block
  uri:
    url: http://127.0.0.1:8551
    method: POST
    body_format: json
    body: {jsonrpc: '2.0', id: 1, method: klay_blockNumber, params: []}
  register: block

- name: Make an account
  uri:
    url: https://api.example.com/accounts
    method: POST
    url_username: admin
    url_password: \"{{ api_password }}\"
    force_basic_auth: true
    body_format: json
    body: {name: ada}
    status_code: [201, 409]
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    url: String,
    method: String,
    body: Value,
    body_format: Format,
    src: Option<PathBuf>,
    remote_src: bool,
    status_code: Vec<i64>,
    return_content: bool,
    dest: Option<PathBuf>,
    force: bool,
    creates: Option<PathBuf>,
    removes: Option<PathBuf>,
    follow_redirects: String,
    timeout: i64,
    ca_path: Option<PathBuf>,
    unix_socket: Option<PathBuf>,
    _content: Option<ContentRef>,
    #[serde(default)]
    _files: Option<Map<String, Value>>,
}

/// Methods that change nothing at the server.
const SAFE: &[&str] = &["GET", "HEAD", "OPTIONS"];

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let http = HttpOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    if let Some(why) = not_needed(ctx, &args)? {
        return Ok(Outcome::new()
            .with("stdout", format!("skipped, since {why}"))
            .with("msg", format!("no request was needed, since {why}"))
            .changed(false));
    }
    let method = args.method.to_uppercase();
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(Failure::new(format!(
            "failed to request `{}`: `{}` is no method; it must be one word like `GET` or `POST`",
            http::shown(&args.url),
            args.method
        )));
    }
    let mut request = http.request(ctx, &args.url, &method, Duration::from_secs(u64::try_from(args.timeout).unwrap_or(0)))?;
    request.redirects = match args.follow_redirects.as_str() {
        "all" | "yes" | "urllib2" => Redirects::All,
        "none" | "no" => Redirects::None,
        _ => Redirects::Safe,
    };
    request.ca_file = args.ca_path.clone();
    request.unix_socket = args.unix_socket.clone();
    let sent = fill(ctx, &args, &mut request)?;
    mention_copy(ctx, &args, &mut request)?;
    let start = ctx.system.clock()?.epoch;
    let result = send(ctx, &args, &request);
    if let Some(file) = &sent {
        ctx.system.discard(file);
    }
    let answer = match result {
        Ok(Some(answer)) => answer,
        Ok(None) => {
            let outcome = Outcome::new().with("url", http::shown(&args.url)).with("msg", "the request would be made");
            return Ok(Outcome { skipped: true, ..outcome.changed(false) });
        }
        Err(error) => Answer::none(error)?,
    };
    let elapsed = ctx.system.clock()?.epoch.saturating_sub(start).as_secs();
    let outcome = finish(ctx, &args, &options, &answer, elapsed);
    if let Some(file) = &answer.file {
        ctx.system.discard(file);
    }
    outcome
}

fn not_needed(ctx: &Context<'_>, args: &Arguments) -> Result<Option<String>, Failure> {
    if let Some(path) = &args.creates
        && exists(ctx.system, path)?
    {
        return Ok(Some(format!("`{}` exists", path.display())));
    }
    if let Some(path) = &args.removes
        && !exists(ctx.system, path)?
    {
        return Ok(Some(format!("`{}` does not exist", path.display())));
    }
    Ok(None)
}

/// Gives the request its content; the scratch file that holds it, if one does.
fn fill(ctx: &mut Context<'_>, args: &Arguments, request: &mut HttpRequest) -> Result<Option<PathBuf>, Failure> {
    let mut scratch = None;
    if let Some(content) = &args._content {
        let file = write::scratch(ctx, Source::Reference(content), 0o600)?;
        request.body = HttpBody::File(file.clone());
        scratch = Some(file);
    } else if let Some(src) = &args.src {
        if !args.remote_src {
            return Err(Failure::new(format!("failed to send `{}`: its content has not arrived", src.display())));
        }
        if !exists(ctx.system, src)? {
            return Err(Failure::new(format!("failed to send `{}`: nothing is there on the host", src.display())));
        }
        request.body = HttpBody::File(src.clone());
    } else {
        let made = body::make(ctx, args)?;
        if let Some(mime) = made.mime
            && (made.is_binding || !http::has_header(request, "Content-Type"))
        {
            http::set_header(request, "Content-Type", &mime);
        }
        request.body = made.bytes.map_or(HttpBody::Empty, HttpBody::Bytes);
    }
    if !matches!(request.body, HttpBody::Empty) && !http::has_header(request, "Content-Type") {
        http::set_header(request, "Content-Type", "application/x-www-form-urlencoded");
    }
    Ok(scratch)
}

/// Says which copy of the content is here already, or that none will do.
fn mention_copy(ctx: &Context<'_>, args: &Arguments, request: &mut HttpRequest) -> Result<(), Failure> {
    if args.force {
        http::set_header(request, "Cache-Control", "no-cache");
    } else if let Some(dest) = &args.dest
        && let Some(stat) = ctx.system.stat(dest, crate::system::Follow::Yes)?
        && stat.is_file()
    {
        http::set_header(request, "If-Modified-Since", &times::http(Duration::from_secs_f64(stat.mtime.max(0.0))));
    }
    Ok(())
}

/// Makes the request; `None` in check mode, when it may not be made.
fn send(ctx: &mut Context<'_>, args: &Arguments, request: &HttpRequest) -> Result<Option<Answer>, Error> {
    let mut bytes = Vec::new();
    if !SAFE.contains(&request.method.as_str()) {
        let response = ctx.system.http_execute(request, &mut bytes)?;
        return Ok(response.map(|response| Answer { response, bytes, ..Answer::default() }));
    }
    if args.dest.is_none() {
        let response = ctx.system.http_probe(request, &mut bytes)?;
        return Ok(Some(Answer { response, bytes, ..Answer::default() }));
    }
    let mut response = HttpResponse::default();
    let file = ctx.system.scratch(0o600, &mut |sink| {
        response = ctx.system.http_probe(request, sink)?;
        Ok(())
    })?;
    Ok(Some(Answer { response, file: Some(file), ..Answer::default() }))
}

fn finish(ctx: &mut Context<'_>, args: &Arguments, options: &FileOptions, answer: &Answer, elapsed: u64) -> ModuleResult {
    let status = answer.status();
    let is_wanted = args.status_code.contains(&status);
    let mut result = answer.headers();
    let mut set = |name: &str, value: Value| result.insert(name.to_owned(), value);
    set("status", status.into());
    set("url", if answer.reason.is_some() { http::shown(&args.url) } else { answer.response.url.clone() }.into());
    set("redirected", answer.is_redirected(&args.url).into());
    set("elapsed", elapsed.into());
    let content = answer.content(ctx.system, args.return_content || !is_wanted)?;
    if let Some(json) = content.json {
        set("json", json);
    }
    if let Some(text) = content.text {
        set("content", text.into());
    }
    if answer.reason.is_none() {
        let (cookies, line) = answer.cookies();
        set("cookies", cookies.into());
        set("cookies_string", line.into());
    }
    let said = answer.message();
    if !is_wanted {
        let wanted: Vec<Value> = args.status_code.iter().copied().map(Value::from).collect();
        let message = format!("Status code was {status} and not {}: {said}", python::repr(&wanted.into()));
        return Err(Failure { result, ..Failure::new(message) });
    }
    let mut changed = false;
    if let Some(dest) = &args.dest
        && answer.reason.is_none()
    {
        let (path, wrote) = dest::put(ctx, answer, dest, options)?;
        changed = wrote;
        result.insert("path".to_owned(), path.to_string_lossy().into());
        super::shared::describe::describe(ctx.system, &path, &mut result)?;
    }
    result.insert("msg".to_owned(), said.into());
    Ok(Outcome { result, ..Outcome::new().changed(changed) })
}

impl Answer {
    /// No answer, for this reason.
    fn none(error: Error) -> Result<Self, Failure> {
        match error.kind {
            ErrorKind::Cancelled | ErrorKind::Unpredictable | ErrorKind::NoSpace => Err(error.into()),
            _ => Ok(Self { reason: Some(error.to_string()), ..Self::default() }),
        }
    }
}

#[cfg(test)]
mod tests;
