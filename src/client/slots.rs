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

    /// Takes away what both of these hold.
    pub fn remove_both(&mut self, a: &SlotSet, b: &SlotSet) {
        let both = a.0.iter().zip(b.0.iter()).map(|(a, b)| a & b);
        self.0.iter_mut().zip(both).for_each(|(mine, both)| *mine &= !both);
    }

    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub fn first(&self) -> Option<u16> {
        let (i, word) = self.0.iter().enumerate().find(|(_, word)| **word != 0)?;
        Some((i * 64) as u16 + word.trailing_zeros() as u16)
    }
}

/// The slots of a node, as it says itself.
pub struct OwnSlots {
    pub all: SlotSet,
    /// Those none of whose keys are on their way.
    pub settled: SlotSet,
}

impl OwnSlots {
    pub fn none() -> Self {
        OwnSlots { all: SlotSet::none(), settled: SlotSet::none() }
    }

    pub fn every() -> Self {
        OwnSlots { all: SlotSet::all(), settled: SlotSet::all() }
    }

    /// Reads the reply to `CLUSTER NODES`: behind the first eight fields of the node's own line come its slots, `5` or `0-100`, and those on
    /// their way, `[5->-id]` or `[5-<-id]`.
    pub fn parse(nodes: &str) -> Self {
        let is_own =
            |line: &&str| line.split(' ').nth(2).is_some_and(|flags| flags.split(',').any(|flag| flag == "myself"));
        let mut own = OwnSlots::none();
        let mut moving = SlotSet::none();
        for word in nodes.lines().find(is_own).into_iter().flat_map(|line| line.split(' ').skip(8)) {
            let (set, range) = match word.strip_prefix('[') {
                Some(word) => (&mut moving, word.split_once('-').map_or("", |(slot, _)| slot)),
                None => (&mut own.all, word),
            };
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            if let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) {
                set.add(first.min(SLOTS)..last.saturating_add(1).min(SLOTS));
            }
        }
        own.settled = own.all.clone();
        own.settled.remove_both(&moving, &moving);
        own
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
        set.remove_both(&low, &SlotSet::all());
        assert_eq!((set.len(), set.first()), (51, Some(150)));
        assert_eq!(SlotSet::all().len(), usize::from(SLOTS));
    }

    #[test]
    fn the_slots_of_a_node_in_its_own_words() {
        let nodes = "a 127.0.0.1:1@2 master - 0 0 1 connected 0-5460\n\
                     b 127.0.0.1:2@3 myself,master - 0 0 2 connected 5461-10922 16383 [5462->-a] [7-<-a]\n";
        let own = OwnSlots::parse(nodes);
        assert_eq!((own.all.len(), own.all.first()), (5463, Some(5461)));
        assert_eq!(own.settled.len(), 5462);
        for text in ["", "x", "a b myself", "a b myself c d e f g 99999999 5-4 -"] {
            assert_eq!(OwnSlots::parse(text).all.len(), 0, "{text}");
        }
    }
}
