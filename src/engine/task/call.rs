//! What an action gets: its arguments, variables, the session of its host, and files of the controller.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::effect::Effect;
use super::prepare::Ready;
use super::trouble::Trouble;
use super::{Job, connect, live};
use crate::base::span::near;
use crate::base::{Diagnostic, text};
use crate::engine::local_files::LocalFiles;
use crate::engine::progress::Told;
use crate::engine::yaml_files;
use crate::modules;
use crate::plan::Action;
use crate::transport::content::NoContent;
use crate::transport::{ContentSource, LiveSender, Session};
use crate::wire::TaskRequest;
use crate::yaml::Node;

/// One run of an action for an item.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The task.
    pub job: &'a Job,
    /// The item, ready to run.
    pub ready: &'a Ready,
}

/// What an action answers.
#[derive(Debug, Default)]
pub struct Reply {
    /// The result.
    pub result: Map<String, Json>,
    /// What the run has to take over.
    pub effects: Vec<Effect>,
}

impl Reply {
    /// Only a result.
    pub fn of(result: impl IntoIterator<Item = (&'static str, Json)>) -> Self {
        Self { result: result.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(), effects: Vec::new() }
    }

    /// Only a result.
    pub fn new(result: Map<String, Json>) -> Self {
        Self { result, effects: Vec::new() }
    }

    /// With an effect.
    #[must_use]
    pub fn with(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}

impl<'a> Call<'a> {
    /// The coerced value of an option.
    pub fn arg(&self, name: &str) -> &'a Json {
        self.ready.args.get(name).unwrap_or(&Json::Null)
    }

    /// The text of an option, if it was given.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.arg(name).as_str()
    }

    /// Whether an option is true.
    pub fn is_true(&self, name: &str) -> bool {
        self.arg(name) == &Json::Bool(true)
    }

    /// An argument as written, before its templates were rendered.
    pub fn written(&self, name: &str) -> Option<&'a Node> {
        match &self.job.due.task.action {
            Action::Module { args, .. } => args.get(name),
            _ => None,
        }
    }

    /// The host whose variables and facts the action is to change: the one it is for, or with `delegate_facts` the one it runs on.
    ///
    /// # Errors
    /// `delegate_facts` cannot be evaluated.
    pub fn facts_host(&self) -> Result<String, Diagnostic> {
        facts_host(self.job, self.ready)
    }

    /// An error that points at the task.
    pub fn wrong(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::at(&self.job.due.task.span, message)
    }

    /// An error that points at an argument.
    pub fn wrong_at(&self, argument: &str, message: impl Into<String>) -> Diagnostic {
        match self.written(argument) {
            Some(node) => Diagnostic::at(&node.span, message),
            None => self.wrong(message),
        }
    }

    /// Where and as whom the task runs.
    ///
    /// # Errors
    /// A connection variable or keyword makes no sense.
    pub fn route(&self) -> Result<&'a connect::Route, Diagnostic> {
        let ready = self.ready;
        if let Some(route) = ready.route.get() {
            return Ok(route);
        }
        let route = match &ready.delegated_to {
            Some(host) => connect::resolve(&ready.scope.delegated(host))?,
            None => connect::resolve(&ready.scope)?,
        };
        Ok(ready.route.get_or_init(|| route))
    }

    /// The session of the host and identity that the task runs as.
    ///
    /// # Errors
    /// It cannot be reached.
    pub async fn session(&self) -> Result<Arc<dyn Session>, Trouble> {
        let route = self.route()?;
        Ok(self.job.sessions.session(&route.target, route.becoming.as_ref()).await?)
    }

    /// Where live output of the task goes.
    pub fn live(&self) -> LiveSender {
        live::sender(self.job, self.ready.no_log)
    }

    /// The request that runs a module with the modes and environment of this task.
    pub fn request(&self, module: &str, args: Map<String, Json>) -> TaskRequest {
        TaskRequest {
            module: module.to_owned(),
            args,
            check: self.ready.check,
            diff: self.ready.diff,
            environment: self.ready.environment.clone(),
        }
    }

    /// Runs a module where the task runs, with coerced arguments.
    ///
    /// # Errors
    /// The host cannot be reached.
    pub async fn remote(&self, module: &str, args: Map<String, Json>, content: &dyn ContentSource) -> Result<Map<String, Json>, Trouble> {
        let session = self.session().await?;
        let told = Told::new(content, self.live());
        let reply = session.call(self.request(module, args), &told, self.live()).await?;
        Ok(reply.result)
    }

    /// Runs another module than that of the task, with arguments as a user would write them.
    ///
    /// # Errors
    /// The arguments do not fit the module, or the host cannot be reached.
    pub async fn module(&self, module: &str, given: Map<String, Json>) -> Result<Map<String, Json>, Trouble> {
        self.module_on(self.session().await?.as_ref(), module, given).await
    }

    /// As [`Call::module`], in another session than that of the task.
    ///
    /// # Errors
    /// As [`Call::module`].
    pub async fn module_on(&self, session: &dyn Session, module: &str, given: Map<String, Json>) -> Result<Map<String, Json>, Trouble> {
        let spec = modules::find(module).ok_or_else(|| self.wrong(format!("there is no module `{module}`")))?;
        let args = modules::resolve(spec, given).map_err(|errors| {
            let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
            self.wrong(texts.join("; "))
        })?;
        Ok(session.call(self.request(spec.name, args.0), &NoContent, self.live()).await?.result)
    }

    /// Runs the module of the task itself with its own arguments.
    ///
    /// # Errors
    /// The host cannot be reached.
    pub async fn own_module(&self, content: &dyn ContentSource) -> Result<Map<String, Json>, Trouble> {
        self.remote(self.ready.spec.name, self.ready.args.clone(), content).await
    }

    /// Files of the controller as the task sees them.
    pub fn files(&self) -> &'a LocalFiles {
        self.job.world.files(self.ready.check)
    }

    /// The text inside a vault file of the controller; `None` when the file is not encrypted.
    ///
    /// # Errors
    /// It cannot be read or decrypted.
    pub fn decrypted(&self, path: &Path) -> Result<Option<String>, Diagnostic> {
        yaml_files::decrypted(self.files(), path, &self.job.world.templates)
    }

    /// A file of the controller that the option `argument` names: absolute, or looked for in the folder `kind` (`files`, `templates`,
    /// `vars`) of the role and beside the task and the playbook, and in those places themselves.
    ///
    /// # Errors
    /// It is nowhere; the message lists the places.
    pub fn find_file(&self, kind: &str, argument: &str, name: &str) -> Result<PathBuf, Trouble> {
        let places = self.search_places(kind, name);
        if let Some(found) = places.iter().find(|place| self.files().exists(place)) {
            return Ok(found.clone());
        }
        let looked: Vec<String> = places.iter().map(|place| near(&place.to_string_lossy()).to_owned()).collect();
        let wrong = format!("there is no file `{name}` on the controller");
        if let Some(doubt) = self.files().doubt() {
            return Err(Trouble::unknown(&format!("{wrong}; {doubt} may change that")));
        }
        Err(self.wrong_at(argument, wrong).hint(format!("looked for {}", text::list(&looked))).into())
    }

    /// Where a file is looked for, in this order.
    pub fn search_places(&self, kind: &str, name: &str) -> Vec<PathBuf> {
        self.job.due.task.file_places(kind, &expand_home(name, &self.job.world.settings.connection.home))
    }
}

/// See [`Call::facts_host`].
///
/// # Errors
/// `delegate_facts` cannot be evaluated.
pub fn facts_host(job: &Job, ready: &Ready) -> Result<String, Diagnostic> {
    let node = job.due.task.delegate_facts.as_deref();
    let theirs = super::keywords::boolean(&ready.scope, "delegate_facts", node)?.unwrap_or(false);
    Ok(match &ready.delegated_to {
        Some(host) if theirs => host.clone(),
        _ => job.host.clone(),
    })
}

/// `~` at the beginning of a path is the home of the person who runs it.
pub fn expand_home(name: &str, home: &Path) -> PathBuf {
    match name.strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None if name == "~" => home.to_path_buf(),
        None => PathBuf::from(name),
    }
}
