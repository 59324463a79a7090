//! The arguments of a module after coercion.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Failure;

/// Coerced arguments: every declared option is there, `null` when it was not given and has no default.
#[derive(Clone, Debug, Default)]
pub struct Args(pub Map<String, Value>);

impl Args {
    /// The arguments as the module's own struct.
    ///
    /// # Errors
    /// When the struct does not fit the declaration, which is a defect of the module; its tests find it.
    pub fn parse<T: DeserializeOwned>(self) -> Result<T, Failure> {
        serde_json::from_value(Value::Object(self.0))
            .map_err(|error| Failure::new(format!("the module's arguments do not fit its declaration: {error}")))
    }
}
