//! Results, errors and parameters of calls.

use serde_json::Value;

use crate::chain::block::Block;
use crate::node::Node;

/// A JSON-RPC error.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    pub code: i64,
    pub message: String,
}

pub type Answer = Result<Value, Failure>;

impl Failure {
    /// The call was understood but failed.
    pub fn server(message: impl Into<String>) -> Failure {
        Failure { code: -32000, message: message.into() }
    }

    /// A parameter is missing or of the wrong kind.
    pub fn parameter(message: impl Into<String>) -> Failure {
        Failure { code: -32602, message: message.into() }
    }
}

/// A hex quantity.
pub fn quantity(number: u64) -> Value {
    Value::String(format!("{number:#x}"))
}

/// A block number parameter: `latest`, `pending`, `earliest`, hex, or a plain number; missing means latest.
pub fn block_number(node: &Node, params: &[Value], index: usize) -> Result<u64, Failure> {
    let invalid = |value: &Value| Failure::parameter(format!("invalid argument {index}: invalid block number {value}"));
    match params.get(index) {
        None | Some(Value::Null) => Ok(node.ledger.head().number),
        Some(Value::Number(number)) => number.as_u64().ok_or_else(|| invalid(&Value::Number(number.clone()))),
        Some(Value::String(text)) => match text.as_str() {
            "latest" | "pending" => Ok(node.ledger.head().number),
            "earliest" => Ok(0),
            text => {
                let digits = text.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
                digits.ok_or_else(|| invalid(&Value::String(text.to_owned())))
            }
        },
        Some(other) => Err(invalid(other)),
    }
}

/// The block a parameter names.
pub fn block(node: &Node, params: &[Value], index: usize) -> Result<Block, Failure> {
    let number = block_number(node, params, index)?;
    let missing = || Failure::server(format!("the block does not exist (block number: {number})"));
    node.ledger.block(number).ok_or_else(missing)
}
