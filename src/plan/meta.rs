//! The words of `meta:`.

use super::model::Meta;

/// The words of `meta:`, with what they do: one line, no final period.
const META: &[(&str, Meta, &str)] = &[
    ("clear_facts", Meta::ClearFacts, "forget the facts of the host, also those that are kept between runs"),
    ("clear_host_errors", Meta::ClearHostErrors, "let hosts take part again that failed or could not be reached"),
    ("end_batch", Meta::EndBatch, "end the play for this batch of `serial`, and go on with the next one"),
    ("end_host", Meta::EndHost, "end the play for this host, which does not count as failed"),
    ("end_play", Meta::EndPlay, "end the play for all hosts, none of which counts as failed"),
    ("end_role", Meta::EndRole, "leave out the rest of the role"),
    ("flush_handlers", Meta::FlushHandlers, "run the handlers that were notified so far"),
    ("noop", Meta::Noop, "do nothing"),
    ("refresh_inventory", Meta::RefreshInventory, "read the inventory again"),
    ("reset_connection", Meta::ResetConnection, "close the connection to the host; the next task opens a new one"),
];

/// The words of `meta:`, each with what it does.
pub fn words() -> impl Iterator<Item = (&'static str, &'static str)> {
    META.iter().map(|(word, _, doc)| (*word, *doc))
}

/// What a word of `meta:` means.
pub(super) fn find(word: &str) -> Option<Meta> {
    META.iter().find(|(name, ..)| *name == word).map(|(_, meta, _)| *meta)
}

impl Meta {
    /// The word under `meta:`; `None` for what nobody writes.
    pub fn word(self) -> Option<&'static str> {
        META.iter().find(|(_, meta, _)| *meta == self).map(|(name, ..)| *name)
    }
}
