//! Logging in: every key, certificate and password that a hop has, in a sensible order, with a note of what became of each.

use std::sync::Arc;

use russh::MethodKind;
use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{Certificate, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey};
use russh::{MethodSet, keys};
use tokio::net::UnixStream;

use super::client::{Client, explain};
use super::keyring::{KeyFile, Keyring, Unusable, decode};
use crate::transport::Hop;
use crate::transport::unreachable::TriedKey;

/// Rounds of questions that a server may ask in keyboard-interactive.
const ROUNDS: usize = 8;

/// What came of logging in.
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// The connection was closed, rather than a login refused.
    pub(super) closed: bool,
    pub(super) tried: Vec<TriedKey>,
}

/// One attempt to log in.
pub(super) struct Login<'a> {
    handle: &'a mut Handle<Client>,
    hop: &'a Hop,
    keyring: &'a Keyring,
    /// What the server takes; `None` until it has said so.
    methods: Option<MethodSet>,
    /// The server has accepted something and wants more.
    partial: bool,
    tried: Vec<TriedKey>,
    rsa_hash: Option<Option<HashAlg>>,
}

/// The attempt is over.
enum Over {
    In,
    Closed(String),
}

type Step = Result<(), Over>;

impl<'a> Login<'a> {
    pub(super) fn new(handle: &'a mut Handle<Client>, hop: &'a Hop, keyring: &'a Keyring) -> Self {
        Self { handle, hop, keyring, methods: None, partial: false, tried: Vec::new(), rsa_hash: None }
    }

    /// Tries everything there is.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        match self.try_all().await {
            Err(Over::In) => Ok(()),
            Err(Over::Closed(message)) => {
                let many = self.tried.len() >= 5;
                let hint = many.then(|| "the server allows only a few attempts: name the right key, or set IdentitiesOnly".to_owned());
                Err(Failure { message, hint, closed: true, tried: self.tried })
            }
            Ok(()) => Err(self.refused()),
        }
    }

    async fn try_all(&mut self) -> Step {
        self.try_keys().await?;
        if let Some(password) = &self.hop.password {
            if self.takes(MethodKind::Password) {
                let result = self.handle.authenticate_password(&self.hop.user, password.expose()).await;
                self.judge("password", result).await?;
            }
            // A server that takes passwords would only refuse the same one again, unless it wants both.
            if self.takes(MethodKind::KeyboardInteractive) && (self.partial || !self.takes(MethodKind::Password)) {
                self.answer_questions(password.expose()).await?;
            }
        }
        if self.tried.iter().all(|tried| tried.outcome != REFUSED) && !self.partial {
            // Nothing was offered so far: some servers want nothing, and all say what they want.
            let result = self.handle.authenticate_none(&self.hop.user).await;
            self.judge("nothing", result).await?;
            self.tried.retain(|tried| tried.name != "nothing");
        }
        Ok(())
    }

    async fn try_keys(&mut self) -> Step {
        let mut agent = self.agent().await;
        let mut held = match &mut agent {
            Some(agent) => agent.request_identities().await.unwrap_or_default(),
            None => Vec::new(),
        };
        if let Some(text) = &self.hop.private_key {
            match decode(text.expose(), self.hop.passphrase.as_ref()) {
                Ok(key) => self.try_key("the key in `ansible_private_key`", &Arc::new(key)).await?,
                Err(why) => self.note("the key in `ansible_private_key`", why.text()),
            }
        }
        let mut files: Vec<(String, Arc<KeyFile>)> = Vec::new();
        for path in &self.hop.private_keys {
            let file = self.keyring.get(path, self.hop.passphrase.as_ref()).await;
            if self.hop.default_keys && matches!(file.secret, Err(Unusable::Missing)) {
                continue;
            }
            files.push((path.display().to_string(), file));
        }
        // Keys that the user named come before what the agent happens to hold; the usual ones of ~/.ssh come after.
        if !self.hop.default_keys {
            for (name, file) in &files {
                self.try_file(name, file, agent.as_mut(), &mut held).await?;
            }
        }
        let only = self.hop.identities_only;
        if let Some(agent) = &mut agent {
            let mine = |identity: &AgentIdentity| {
                files.iter().any(|(_, file)| file.public.as_ref().is_some_and(|key| key.key_data() == identity.public_key().key_data()))
            };
            for identity in held.iter().filter(|identity| !only || mine(identity)) {
                self.try_agent(agent, identity).await?;
            }
        }
        if self.hop.default_keys {
            let held: Vec<PublicKey> = held.iter().map(|identity| identity.public_key().into_owned()).collect();
            for (name, file) in &files {
                let tried = file.public.as_ref().is_some_and(|key| held.iter().any(|held| held.key_data() == key.key_data()));
                if !tried {
                    self.try_file(name, file, None, &mut Vec::new()).await?;
                }
            }
        }
        Ok(())
    }

    /// A key file: by the agent when it holds the key, so that no passphrase is needed, else by itself.
    async fn try_file(
        &mut self,
        name: &str,
        file: &KeyFile,
        agent: Option<&mut AgentClient<UnixStream>>,
        held: &mut Vec<AgentIdentity>,
    ) -> Step {
        if let (Some(agent), Some(public)) = (agent, &file.public) {
            let (mine, others) = held.drain(..).partition(|identity| identity.public_key().key_data() == public.key_data());
            *held = others;
            let mine: Vec<AgentIdentity> = mine;
            for identity in &mine {
                self.try_agent(agent, identity).await?;
            }
            if !mine.is_empty() {
                return Ok(());
            }
        }
        match &file.secret {
            Ok(key) => {
                if let Some(certificate) = &file.certificate {
                    self.try_certificate(&format!("{name}-cert.pub"), key, certificate).await?;
                }
                self.try_key(name, key).await
            }
            Err(why) => {
                self.note(name, why.text());
                Ok(())
            }
        }
    }

    async fn try_key(&mut self, name: &str, key: &Arc<PrivateKey>) -> Step {
        if !self.takes(MethodKind::PublicKey) {
            self.note(name, "not tried: the server takes no keys");
            return Ok(());
        }
        let hash = self.hash(key.public_key()).await;
        let key = PrivateKeyWithHashAlg::new(Arc::clone(key), hash);
        let result = self.handle.authenticate_publickey(&self.hop.user, key).await;
        self.judge(name, result).await
    }

    async fn try_certificate(&mut self, name: &str, key: &Arc<PrivateKey>, certificate: &Certificate) -> Step {
        if !self.takes(MethodKind::PublicKey) {
            return Ok(());
        }
        let result = self.handle.authenticate_openssh_cert(&self.hop.user, Arc::clone(key), certificate.clone()).await;
        self.judge(name, result).await
    }

    async fn try_agent(&mut self, agent: &mut AgentClient<UnixStream>, identity: &AgentIdentity) -> Step {
        let name = match identity.comment() {
            "" => format!("agent: {}", identity.public_key().fingerprint(super::client::FINGERPRINT)),
            comment => format!("agent: {comment}"),
        };
        if !self.takes(MethodKind::PublicKey) {
            self.note(&name, "not tried: the server takes no keys");
            return Ok(());
        }
        let hash = self.hash(&identity.public_key()).await;
        let user = &self.hop.user;
        let result = match identity {
            AgentIdentity::PublicKey { key, .. } => self.handle.authenticate_publickey_with(user, key.clone(), hash, agent).await,
            AgentIdentity::Certificate { certificate, .. } => {
                self.handle.authenticate_certificate_with(user, certificate.clone(), hash, agent).await
            }
        };
        match result {
            Ok(result) => self.judge(&name, Ok(result)).await,
            Err(error) => {
                self.note(&name, format!("the agent did not sign: {error}"));
                Ok(())
            }
        }
    }

    async fn answer_questions(&mut self, password: &str) -> Step {
        const NAME: &str = "password (keyboard-interactive)";
        let mut answer = self.handle.authenticate_keyboard_interactive_start(&self.hop.user, None).await;
        for _ in 0..ROUNDS {
            let prompts = match answer {
                Ok(KeyboardInteractiveAuthResponse::Success) => return Err(Over::In),
                Ok(KeyboardInteractiveAuthResponse::Failure { remaining_methods, partial_success }) => {
                    return self.judge(NAME, Ok(AuthResult::Failure { remaining_methods, partial_success })).await;
                }
                Ok(KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. }) => prompts,
                Err(error) => return self.judge(NAME, Err(error)).await,
            };
            // A question whose answer may be seen is not one for the password.
            let responses = prompts.iter().map(|prompt| if prompt.echo { String::new() } else { password.to_owned() }).collect();
            answer = self.handle.authenticate_keyboard_interactive_respond(responses).await;
        }
        self.note(NAME, "the server asks without end");
        Ok(())
    }

    async fn agent(&mut self) -> Option<AgentClient<UnixStream>> {
        let socket = self.hop.agent.as_ref()?;
        match AgentClient::connect_uds(socket).await {
            Ok(mut agent) => {
                if let Some(binding) = self.handle.agent_session_binding().cloned() {
                    // Agents that know no destination constraints refuse this; it is needed only by those that do.
                    let _ = agent.bind_session(&binding, false).await;
                }
                Some(agent)
            }
            Err(error) => {
                self.note(&format!("agent at {}", socket.display()), format!("not reachable: {error}"));
                None
            }
        }
    }

    /// The hash to sign with, which only RSA keys leave open. Asked for once: old servers keep silent for a second.
    async fn hash(&mut self, key: &PublicKey) -> Option<HashAlg> {
        if !matches!(key.algorithm(), keys::Algorithm::Rsa { .. }) {
            return None;
        }
        if self.rsa_hash.is_none() {
            let known = self.handle.best_supported_rsa_hash().await.ok().flatten();
            self.rsa_hash = Some(known.unwrap_or(Some(HashAlg::Sha256)));
        }
        self.rsa_hash.flatten()
    }

    fn takes(&self, method: MethodKind) -> bool {
        self.methods.as_ref().is_none_or(|methods| methods.contains(&method))
    }

    fn note(&mut self, name: &str, outcome: impl Into<String>) {
        self.tried.push(TriedKey { name: name.to_owned(), outcome: outcome.into() });
    }

    async fn judge(&mut self, name: &str, result: Result<AuthResult, russh::Error>) -> Step {
        match result {
            Ok(AuthResult::Success) => Err(Over::In),
            Ok(AuthResult::Failure { remaining_methods, partial_success }) => {
                // The end of the connection looks like a refusal that leaves no method.
                if remaining_methods.is_empty() && self.handle.is_closed() {
                    self.note(name, "the server closed the connection");
                    return Err(Over::Closed("the server closed the connection".to_owned()));
                }
                self.note(name, if partial_success { "accepted, but the server wants more" } else { REFUSED });
                self.methods = Some(remaining_methods);
                self.partial = self.partial || partial_success;
                Ok(())
            }
            Err(error) => {
                self.note(name, explain(&error));
                Err(Over::Closed(explain(&error)))
            }
        }
    }

    fn refused(self) -> Failure {
        let user = &self.hop.user;
        let wanted: Vec<&'static str> = self.methods.iter().flat_map(|methods| methods.iter()).map(Into::into).collect();
        let wanted = if wanted.is_empty() { "does not say what it takes".to_owned() } else { format!("takes {}", wanted.join(", ")) };
        let message = if self.partial {
            format!("user `{user}` was only partly accepted; the server also {wanted}")
        } else if self.tried.is_empty() {
            format!("there is nothing to log in with as `{user}`: no key, no agent, no password; the server {wanted}")
        } else {
            format!("the server accepts none of what there is for user `{user}`; it {wanted}")
        };
        let hint = if self.hop.password.is_none() && wanted.contains("password") && !wanted.contains("publickey") {
            "give a password with `--ask-pass` or `ansible_password`".to_owned()
        } else {
            "check the user (`ansible_user`), and the key (`ansible_ssh_private_key_file`, `--private-key` or `ssh-add`)".to_owned()
        };
        Failure { message, hint: Some(hint), closed: false, tried: self.tried }
    }
}

const REFUSED: &str = "refused by the server";
