//! `kconf schema`: the JSON schema for editors.

use super::super::args::{Schema, SchemaFile};
use super::super::exit::{self, Failure};
use super::super::messages;
use crate::reference::{self, SchemaOf};

/// Runs the command.
pub fn run(args: &Schema) -> Result<u8, Failure> {
    let of = match args.of {
        SchemaFile::Playbook => SchemaOf::Playbook,
        SchemaFile::Tasks => SchemaOf::Tasks,
        SchemaFile::Handlers => SchemaOf::Handlers,
        SchemaFile::Meta => SchemaOf::Meta,
        SchemaFile::ArgumentSpecs => SchemaOf::ArgumentSpecs,
    };
    messages::data(&reference::schema(of));
    Ok(exit::OK)
}
