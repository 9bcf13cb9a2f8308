//! The 16 384 slots into which a cluster divides its keys.

use std::ops::Range;

pub const SLOTS: u16 = 16384;

/// The slot of a key: CRC16 of the key, or of its hash tag, modulo 16 384 (Redis Cluster specification).
pub fn slot_of(key: &[u8]) -> u16 {
    fred::util::redis_keyslot(key)
}

/// A set of slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotSet(Box<[u64; WORDS]>);

const WORDS: usize = SLOTS as usize / 64;

impl SlotSet {
    pub fn none() -> Self {
        SlotSet(Box::new([0; WORDS]))
    }

    pub fn all() -> Self {
        SlotSet(Box::new([u64::MAX; WORDS]))
    }

    pub fn add(&mut self, slots: Range<u16>) {
        for slot in slots {
            self.0[usize::from(slot / 64)] |= 1 << (slot % 64);
        }
    }

    /// Keeps what the other holds too.
    pub fn keep(&mut self, other: &SlotSet) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(mine, theirs)| *mine &= theirs);
    }

    pub fn remove(&mut self, other: &SlotSet) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(mine, theirs)| *mine &= !theirs);
    }

    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub fn first(&self) -> Option<u16> {
        let (i, word) = self.0.iter().enumerate().find(|(_, word)| **word != 0)?;
        Some((i * 64) as u16 + word.trailing_zeros() as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slot_is_that_of_the_hash_tag_where_there_is_one() {
        // From the cluster specification, and what `CLUSTER KEYSLOT` says.
        assert_eq!(slot_of(b"123456789"), 12739);
        assert_eq!(slot_of(b"{user1000}.following"), slot_of(b"user1000"));
        assert_ne!(slot_of(b"foo{}{bar}"), slot_of(b"bar"));
        assert_eq!(slot_of(b"foo{{bar}}zap"), slot_of(b"{bar"));
    }

    #[test]
    fn a_set_of_slots() {
        let mut set = SlotSet::none();
        assert_eq!((set.len(), set.first()), (0, None));
        set.add(100..200);
        set.add(16383..SLOTS);
        assert_eq!((set.len(), set.first()), (101, Some(100)));
        let mut low = SlotSet::none();
        low.add(0..150);
        set.remove(&low);
        assert_eq!((set.len(), set.first()), (51, Some(150)));
        low.add(150..151);
        set.keep(&low);
        assert_eq!((set.len(), set.first()), (1, Some(150)));
        assert_eq!(SlotSet::all().len(), usize::from(SLOTS));
    }
}
