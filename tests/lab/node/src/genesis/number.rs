//! Numbers in a genesis file: JSON strings, hex with `0x` or decimal.

use serde_json::Value;

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("want a number in a string, found `{value}`"))
}

/// A number of at most 64 bits.
pub fn quantity(value: &Value) -> Result<u64, String> {
    let text = text(value)?;
    let number = match text.strip_prefix("0x") {
        Some("") => Ok(0),
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    number.map_err(|_| format!("invalid hex or decimal integer `{text}`"))
}

/// A number of at most 256 bits, as hex without leading zeros (empty for 0).
pub fn big(value: &Value) -> Result<String, String> {
    let text = text(value)?;
    let invalid = || format!("invalid hex or decimal integer `{text}`");
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
    // Least significant byte first; a 256-bit number has 78 decimal digits, so the square cost is nothing.
    let mut bytes: Vec<u8> = Vec::new();
    for digit in digits.chars() {
        let mut carry = digit.to_digit(radix).ok_or_else(invalid)?;
        for byte in &mut bytes {
            carry += u32::from(*byte) * radix;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        if carry > 0 {
            bytes.push(carry as u8);
        }
        if bytes.len() > 32 {
            return Err(invalid());
        }
    }
    bytes.reverse();
    Ok(hex::encode(bytes).trim_start_matches('0').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hex_and_decimal_agree() {
        assert_eq!(big(&json!("10000000000")).unwrap(), "2540be400");
        assert_eq!(big(&json!("0x2540be400")).unwrap(), "2540be400");
        let ten_to_the_50 = format!("1{}", "0".repeat(50));
        assert_eq!(big(&json!(ten_to_the_50)).unwrap(), "446c3b15f9926687d2c40534fdb564000000000000");
        assert_eq!(big(&json!("0")).unwrap(), "");
        assert!(big(&json!("0xzz")).is_err());
        assert!(big(&json!(5)).is_err(), "a bare JSON number is refused, as by the original");
        assert!(big(&json!(format!("0x1{}", "0".repeat(64)))).is_err(), "257 bits");
        assert_eq!(quantity(&json!("0x10")).unwrap(), 16);
        assert_eq!(quantity(&json!("10")).unwrap(), 10);
    }
}
