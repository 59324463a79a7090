//! The network of the machine: addresses, ports that answer, HTTP servers with fixed answers.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io::Write;

use crate::system::{Address, Error, ErrorKind, HttpRequest, HttpResponse, Result};

type Answers = VecDeque<(HttpResponse, Vec<u8>)>;

#[derive(Default)]
pub(super) struct Network {
    pub(super) addresses: Vec<Address>,
    /// What is sent to whoever connects.
    pub(super) ports: BTreeMap<(String, u16), Vec<u8>>,
    /// By method and URL: given in turn, the last one stays.
    answers: RefCell<BTreeMap<(String, String), Answers>>,
    requests: RefCell<Vec<HttpRequest>>,
}

impl Network {
    pub(super) fn add_answer(&self, method: &str, url: &str, response: HttpResponse, content: Vec<u8>) {
        let key = (method.to_uppercase(), url.to_owned());
        self.answers.borrow_mut().entry(key).or_default().push_back((response, content));
    }

    /// Whether there is nothing on it.
    pub(super) fn is_silent(&self) -> bool {
        self.addresses.is_empty() && self.ports.is_empty() && self.answers.borrow().is_empty()
    }

    pub(super) fn requests(&self) -> Vec<HttpRequest> {
        self.requests.borrow().clone()
    }

    pub(super) fn answer(&self, request: &HttpRequest, sink: &mut dyn Write) -> Result<HttpResponse> {
        self.requests.borrow_mut().push(request.clone());
        let attempt = format!("request `{}`", request.url);
        let mut answers = self.answers.borrow_mut();
        let Some(answers) = answers.get_mut(&(request.method.to_uppercase(), request.url.clone())) else {
            return Err(Error::new(ErrorKind::Other, attempt, "Connection refused"));
        };
        let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let (response, content) = next.expect("an answer stays");
        sink.write_all(&content).map_err(|error| Error::new(ErrorKind::from(error.kind()), attempt, error.to_string()))?;
        Ok(response)
    }
}
