//! `meta:` actions: what they do to the hosts that come to them.

use serde_json::Map;

use super::Stage;
use crate::base::Severity;
use crate::engine::host_state::{Due, Standing};
use crate::engine::task::{connect, keywords};
use crate::engine::task_info;
use crate::event::{Event, Status};
use crate::inventory;
use crate::plan::Meta;

impl Stage<'_, '_> {
    /// Does a meta action on the hosts that are at it.
    pub(super) async fn meta(&mut self, meta: Meta, hosts: &[String], due: &Due) {
        let number = self.dispatcher.world.next_number();
        if let Some(first) = hosts.first() {
            let task = task_info::of(&self.scope(first, due), due, number);
            self.dispatcher.emit(&Event::TaskStarted { task, hosts: Vec::new() });
        }
        // These concern all hosts, and so are asked once.
        let once = matches!(meta, Meta::EndPlay | Meta::EndBatch | Meta::ClearFacts | Meta::ClearHostErrors | Meta::RefreshInventory);
        let asked = if once { hosts.get(..1).unwrap_or_default() } else { hosts };
        let mut chosen = Vec::new();
        for host in asked {
            match keywords::all_hold(&self.scope(host, due), &due.task.keywords.when) {
                Ok(true) => chosen.push(host.clone()),
                Ok(false) => self.passed_over(meta, number, host),
                Err(wrong) => {
                    self.fatal = Some(wrong);
                    return;
                }
            }
        }
        if once && !chosen.is_empty() {
            chosen = hosts.to_vec();
        }
        // The flush goes on behind the meta task itself when it is done.
        let stay: &[String] = if meta == Meta::FlushHandlers { &chosen } else { &[] };
        for host in hosts.iter().filter(|host| !stay.contains(host)) {
            if chosen.contains(host) && matches!(meta, Meta::EndRole | Meta::EndHost | Meta::EndPlay | Meta::EndBatch) {
                continue;
            }
            if let Some(state) = self.hosts.get_mut(host) {
                state.advance(false);
            }
            self.note_standing(host);
        }
        if !chosen.is_empty() {
            self.act(meta, &chosen, due).await;
        }
    }

    /// Tells of a host on which the condition of a meta action does not hold. It counts as nothing.
    fn passed_over(&mut self, meta: Meta, task: u64, host: &str) {
        // Nobody misses what does nothing, or what concerns the run and no host.
        let Some(word) = meta.word().filter(|_| !matches!(meta, Meta::Noop | Meta::RefreshInventory | Meta::ResetConnection)) else {
            return;
        };
        let result = Map::from_iter([
            ("msg".to_owned(), word.into()),
            ("skipped".to_owned(), true.into()),
            ("skip_reason".to_owned(), format!("the condition of `{word}` does not hold for {host}").into()),
        ]);
        self.dispatcher.emit(&Event::HostDone {
            host: host.to_owned(),
            delegated_to: None,
            task,
            status: Status::Skipped,
            ignored: false,
            looped: false,
            result,
            diagnostic: None,
            took_ms: 0,
        });
    }

    async fn act(&mut self, meta: Meta, chosen: &[String], due: &Due) {
        match meta {
            Meta::Noop | Meta::RoleComplete => {}
            Meta::FlushHandlers => self.flush(chosen),
            Meta::EndHost => {
                for host in chosen {
                    self.drop_host(host, Standing::Ended);
                    self.play.lose(host);
                }
            }
            Meta::EndPlay | Meta::EndBatch => {
                let all: Vec<String> = self.active().map(|(host, _)| host.clone()).collect();
                all.iter().for_each(|host| self.drop_host(host, Standing::Ended));
                self.end_play = self.end_play || meta == Meta::EndPlay;
            }
            Meta::EndRole => {
                let role = due.task.role.as_ref().map(|role| role.id);
                for state in chosen.iter().filter_map(|host| Some((host, role?))) {
                    if let Some(host) = self.hosts.get_mut(state.0) {
                        host.leave_role(state.1);
                    }
                }
            }
            Meta::ClearFacts => {
                for host in self.play.batch.iter() {
                    self.dispatcher.world.store.clear_facts(host);
                }
            }
            Meta::ClearHostErrors => {
                for (host, state) in &mut self.hosts {
                    state.forgive();
                    self.dispatcher.recap.forgive(host);
                }
            }
            Meta::RefreshInventory => self.refresh(due).await,
            Meta::ResetConnection => {
                for host in chosen {
                    match connect::resolve(&self.scope(host, due)) {
                        Ok(route) => self.dispatcher.sessions.reset(&route.target).await,
                        Err(wrong) => self.fatal = self.fatal.take().or(Some(wrong)),
                    }
                }
            }
        }
    }

    /// Reads the inventory again. Hosts of the play that are gone from it keep their name, but lose its variables.
    async fn refresh(&mut self, due: &Due) {
        let world = self.dispatcher.world.clone();
        let Some(reload) = world.settings.reload.clone() else {
            self.dispatcher.warn(None, format!("the inventory at {} has no source that could be read again", due.task.span));
            return;
        };
        match inventory::load(&reload.sources, &reload.options).await {
            Ok(fresh) => world.replace_inventory(fresh),
            Err(wrong) => {
                let first = wrong.0.into_iter().find(|one| one.severity() == Severity::Error);
                self.fatal = first.map(|first| first.context("failed to read the inventory again"));
            }
        }
    }
}
