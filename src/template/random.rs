//! Random numbers that can be repeated: the generator of Python (Mersenne Twister), so that a seed gives what it always gave.

use sha2::Digest as _;

const SIZE: usize = 624;

/// A generator.
pub(crate) struct Random {
    state: Box<[u32; SIZE]>,
    at: usize,
}

impl Random {
    /// Not repeatable.
    pub(crate) fn from_system() -> Self {
        Self::from_words(&rand::random::<[u32; 16]>())
    }

    /// Seeded as Python seeds with a text.
    pub(crate) fn from_text(text: &str) -> Self {
        let mut bytes = text.as_bytes().to_vec();
        bytes.extend(sha2::Sha512::digest(text.as_bytes()));
        // The bytes are one large number, its highest first; the words go in lowest first.
        let mut words: Vec<u32> = bytes.rchunks(4).map(|chunk| chunk.iter().fold(0, |word, byte| word << 8 | u32::from(*byte))).collect();
        while words.len() > 1 && words.last() == Some(&0) {
            words.pop();
        }
        Self::from_words(&words)
    }

    /// Seeded as Python seeds with a number.
    pub(crate) fn from_number(number: u128) -> Self {
        let mut words: Vec<u32> = (0..4).map(|part| u32::try_from(number >> (32 * part) & 0xffff_ffff).unwrap_or(0)).collect();
        while words.len() > 1 && words.last() == Some(&0) {
            words.pop();
        }
        Self::from_words(&words)
    }

    fn from_words(seed: &[u32]) -> Self {
        let mut state = Box::new([0u32; SIZE]);
        let mut last = 19_650_218u32;
        for (at, slot) in state.iter_mut().enumerate() {
            if at > 0 {
                last = 1_812_433_253u32.wrapping_mul(last ^ last >> 30).wrapping_add(u32::try_from(at).unwrap_or(0));
            }
            *slot = last;
        }
        let mut random = Self { state, at: SIZE };
        let (mut i, mut j) = (1, 0);
        for _ in 0..SIZE.max(seed.len()) {
            let previous = random.word(i - 1);
            let mixed = random.word(i) ^ (previous ^ previous >> 30).wrapping_mul(1_664_525);
            let word = seed.get(j).copied().unwrap_or(0);
            random.set(i, mixed.wrapping_add(word).wrapping_add(u32::try_from(j).unwrap_or(0)));
            i = random.next_index(i);
            j = (j + 1) % seed.len().max(1);
        }
        for _ in 0..SIZE - 1 {
            let previous = random.word(i - 1);
            let mixed = random.word(i) ^ (previous ^ previous >> 30).wrapping_mul(1_566_083_941);
            random.set(i, mixed.wrapping_sub(u32::try_from(i).unwrap_or(0)));
            i = random.next_index(i);
        }
        random.set(0, 0x8000_0000);
        random
    }

    fn next_index(&mut self, at: usize) -> usize {
        if at + 1 < SIZE {
            return at + 1;
        }
        self.set(0, self.word(SIZE - 1));
        1
    }

    fn word(&self, at: usize) -> u32 {
        self.state.get(at).copied().unwrap_or(0)
    }

    fn set(&mut self, at: usize, word: u32) {
        if let Some(slot) = self.state.get_mut(at) {
            *slot = word;
        }
    }

    fn next(&mut self) -> u32 {
        if self.at >= SIZE {
            for at in 0..SIZE {
                let joined = self.word(at) & 0x8000_0000 | self.word((at + 1) % SIZE) & 0x7fff_ffff;
                let twist = if joined & 1 == 0 { 0 } else { 0x9908_b0df };
                self.set(at, self.word((at + 397) % SIZE) ^ joined >> 1 ^ twist);
            }
            self.at = 0;
        }
        let mut word = self.word(self.at);
        self.at += 1;
        word ^= word >> 11;
        word ^= word << 7 & 0x9d2c_5680;
        word ^= word << 15 & 0xefc6_0000;
        word ^ word >> 18
    }

    /// So many random bits, up to 128.
    fn bits(&mut self, count: u32) -> u128 {
        let mut number = 0u128;
        let mut done = 0;
        while done < count {
            let part = (count - done).min(32);
            number |= u128::from(self.next() >> (32 - part)) << done;
            done += part;
        }
        number
    }

    /// A number below `limit`; 0 when that is 0.
    pub(crate) fn below(&mut self, limit: u128) -> u128 {
        if limit == 0 {
            return 0;
        }
        let bits = 128 - limit.leading_zeros();
        loop {
            let number = self.bits(bits);
            if number < limit {
                return number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from Python's `random.Random(seed).randrange`.
    #[test]
    fn seeds_give_what_they_give_in_python() {
        assert_eq!(Random::from_text("abc").below(100), 98);
        assert_eq!(Random::from_text("web1.example.com").below(59), 31);
        assert_eq!(Random::from_number(42).below(1_000_000), 670_487);
    }
}
