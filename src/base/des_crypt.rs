//! The oldest hash of passwords, of which password files of web servers still have some. It looks at eight characters only and is fast to
//! break; it is here to read what is there and to write what is asked for.

use super::crypt::digit;

/// Which bit of the password goes where, before the first round.
const KEY: [usize; 56] = [
    57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36, 63, 55, 47, 39, 31, 23, 15,
    7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
];
/// Which bits of the key a round uses.
const ROUND_KEY: [usize; 48] = [
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48,
    44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
/// By how much both halves of the key turn in each round.
const TURNS: [usize; 16] = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];
/// Where the bits of a round's result go.
const MIX: [usize; 32] =
    [16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25];
/// What six bits become, for each of the eight groups; a row for the outer two bits, a digit for the inner four.
const BOXES: [[&[u8; 16]; 4]; 8] = [
    [b"e4d12fb83a6c5907", b"0f74e2d1a6cb9538", b"41e8d62bfc973a50", b"fc8249175b3ea06d"],
    [b"f18e6b34972dc05a", b"3d47f28ec01a69b5", b"0e7ba4d158c6932f", b"d8a13f42b67c05e9"],
    [b"a09e63f51dc7b428", b"d709346a285ecbf1", b"d6498f30b12c5ae7", b"1ad069874fe3b52c"],
    [b"7de3069a1285bc4f", b"d8b56f03472c1ae9", b"a690cb7df13e5284", b"3f06a1d8945bc72e"],
    [b"2c417ab6853fd0e9", b"eb2c47d150fa3986", b"421bad78f9c5630e", b"b8c71e2d6f09a453"],
    [b"c1af92680d34e75b", b"af427c9561de0b38", b"9ef528c3704a1db6", b"432c95fabe17608d"],
    [b"4b2ef08d3c975a61", b"d0b7491ae35c2f86", b"14bdc37eaf680592", b"6bd814a7950fe23c"],
    [b"d2846fb1a93e50c7", b"1fd8a374c56b0e92", b"7b419ce206adf358", b"21e74a8dfc90356b"],
];

fn bit<const N: usize>(bits: &[bool; N], number: usize) -> bool {
    number.checked_sub(1).and_then(|at| bits.get(at)).copied().unwrap_or(false)
}

fn pick<const N: usize, const M: usize>(bits: &[bool; N], order: &[usize; M]) -> [bool; M] {
    order.map(|number| bit(bits, number))
}

/// The bits that each round uses of the first eight bytes of a password, seven of each.
fn round_keys(password: &[u8]) -> [[bool; 48]; 16] {
    let mut bits = [false; 64];
    for (at, slot) in bits.iter_mut().enumerate() {
        let byte = password.get(at / 8).copied().unwrap_or(0) << 1;
        *slot = byte >> (7 - at % 8) & 1 == 1;
    }
    let mut key = pick(&bits, &KEY);
    TURNS.map(|turn| {
        let (left, right) = key.split_at_mut(28);
        left.rotate_left(turn);
        right.rotate_left(turn);
        pick(&key, &ROUND_KEY)
    })
}

/// What a round makes of the right half.
fn mangle(half: &[bool; 32], key: &[bool; 48], salt: u32) -> [bool; 32] {
    let mut wide = [false; 48];
    for (at, slot) in wide.iter_mut().enumerate() {
        // Each group of four, with its neighbours.
        *slot = bit(half, (at / 6 * 4 + at % 6 + 31) % 32 + 1);
    }
    for at in (0..12).filter(|at| salt >> at & 1 == 1) {
        wide.swap(at, at + 24);
    }
    let mut out = [false; 32];
    for (group, rows) in BOXES.iter().enumerate() {
        let of = |at: usize| usize::from(bit(&wide, group * 6 + at) ^ bit(key, group * 6 + at));
        let row = rows.get(of(1) * 2 + of(6));
        let column = of(2) * 8 + of(3) * 4 + of(4) * 2 + of(5);
        let value = row.and_then(|row| row.get(column)).and_then(|value| char::from(*value).to_digit(16)).unwrap_or(0);
        for (at, slot) in out.iter_mut().skip(group * 4).take(4).enumerate() {
            *slot = value >> (3 - at) & 1 == 1;
        }
    }
    pick(&out, &MIX)
}

/// The hash of a password; `None` when the salt has not two characters of the 64 digits.
pub fn hash(password: &str, salt: &str) -> Option<String> {
    let value = |letter: u8| (0..64).find(|value| digit(*value) == letter);
    let [first, second] = salt.as_bytes().first_chunk::<2>().copied()?;
    let number = value(first)? | value(second)? << 6;
    let keys = round_keys(password.as_bytes());
    // A block of zeros stays one under the first permutation, and between two turns the last and the first cancel each other out.
    let (mut left, mut right) = ([false; 32], [false; 32]);
    for _ in 0..25 {
        for key in &keys {
            let mangled = mangle(&right, key, number);
            let mut next = left;
            next.iter_mut().zip(mangled).for_each(|(bit, other)| *bit ^= other);
            (left, right) = (right, next);
        }
        (left, right) = (right, left);
    }
    // The last permutation: odd bits from the left half, even ones from the right, row by row from the end.
    let out = |at: usize| {
        let (row, column) = (at / 8, at % 8);
        let half = if column % 2 == 0 { &right } else { &left };
        bit(half, (column / 2) * 8 + (7 - row) + 1)
    };
    let mut text = format!("{}{}", char::from(first), char::from(second));
    for group in 0..11 {
        let six = (0..6).fold(0, |six, at| six << 1 | u32::from(group * 6 + at < 64 && out(group * 6 + at)));
        text.push(char::from(digit(six)));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answered by `crypt` of the C library.
    #[test]
    fn hashes_are_those_of_the_system() {
        for (password, salt, text) in [
            ("secret", "ab", "abNANd1rDfiNc"),
            ("", "zZ", "zZO7u0HfQST3A"),
            ("longpassword", "./", "./x0kTlw5iEAs"),
            ("pässwort", "Q9", "Q9d.fycZik23g"),
        ] {
            assert_eq!(hash(password, salt).as_deref(), Some(text), "{password}");
        }
        assert_eq!(hash("longpass", "./"), hash("longpassword", "./"));
        assert_eq!((hash("x", "a"), hash("x", "a:"), hash("x", "é")), (None, None, None));
    }
}
