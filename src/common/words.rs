//! A table of generations that says of copies whether they may be out of date.
//!
//! A copy of what is stored under a key remembers the generation of the key's word from before it was read. While the word has that
//! generation still, nothing is known to have changed. Many keys share a word: a change of one of them costs the others a read, and the
//! table never grows.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many words there are. With 10 000 copies a change costs a seventh of another copy on average.
const COUNT: usize = 1 << 16;

pub struct Words(Box<[AtomicU32]>);

impl Default for Words {
    fn default() -> Self {
        Words((0..COUNT).map(|_| AtomicU32::new(0)).collect())
    }
}

impl Words {
    /// The place of a key's word. It means nothing to another process: nobody outside can choose keys that share one.
    pub fn slot_of(key: &[u8]) -> u32 {
        (hash(key) >> 48) as u32
    }

    pub fn get(&self, slot: u32) -> u32 {
        self.0[slot as usize % COUNT].load(Ordering::Acquire)
    }

    /// What is stored under a key may have changed.
    pub fn bump(&self, key: &[u8]) {
        self.0[Words::slot_of(key) as usize].fetch_add(1, Ordering::Release);
    }

    /// Anything may have changed.
    pub fn bump_all(&self) {
        for word in &self.0 {
            word.fetch_add(1, Ordering::Release);
        }
    }

    /// The memory of all words, as long as the table lives.
    pub fn table(&self) -> &[AtomicU32] {
        &self.0
    }
}

/// As wyhash does (Wang Yi, 2019): multiply, and fold the two halves of the product. Not for secrets.
fn hash(key: &[u8]) -> u64 {
    static SEEDS: LazyLock<[u64; 2]> = LazyLock::new(|| {
        let random = RandomState::new();
        // Odd, so that no product loses the other factor.
        [random.hash_one(0u8), random.hash_one(1u8) | 1]
    });
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

    let [seed, factor] = *SEEDS;
    let (words, rest) = key.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let begun = seed ^ (key.len() as u64).wrapping_mul(GOLDEN);
    let mixed = words.iter().chain([&last]).fold(begun, |state, word| fold(state ^ u64::from_le_bytes(*word), factor));
    fold(mixed ^ seed, GOLDEN)
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn keys_that_differ_a_little_are_spread_over_all_words() {
        let slots: HashSet<u32> = (0..COUNT).map(|i| Words::slot_of(format!("cache:user:{i}").as_bytes())).collect();
        // At random 63 % of the words are hit.
        assert!((39_000..44_000).contains(&slots.len()), "{}", slots.len());
        for length in 0..64 {
            assert_ne!(Words::slot_of(&vec![0; length]), Words::slot_of(&vec![0; length + 1]), "{length}");
        }
    }

    #[test]
    fn a_bump_of_all_reaches_every_word_whatever_its_generation() {
        let words = Words::default();
        words.bump(b"a");
        let before: Vec<u32> = (0..COUNT as u32).map(|slot| words.get(slot)).collect();
        words.bump_all();
        assert!((0..COUNT as u32).all(|slot| words.get(slot) == before[slot as usize] + 1));
    }

    proptest! {
        #[test]
        fn a_bump_changes_the_word_of_its_key_and_no_other(key: Vec<u8>, other: Vec<u8>) {
            let words = Words::default();
            words.bump(&key);
            let (slot, foreign) = (Words::slot_of(&key), Words::slot_of(&other));
            prop_assert_eq!(words.get(slot), 1);
            prop_assert_eq!(words.get(foreign), u32::from(slot == foreign));
        }
    }
}
