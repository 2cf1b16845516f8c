//! Mutating a good input: bytes are changed, put in, taken out and said twice, and words that mean something are thrown in.

use proptest::{collection::vec, prelude::*, sample::select};

/// One mutation at a place, in parts of 65,536 of the whole.
#[derive(Debug, Clone)]
enum Mutation {
    Put(u16, u8),
    Insert(u16, u8),
    Remove(u16, u8),
    Double(u16, u8),
    Word(u16, &'static str),
    Cut(u16),
}

/// One of the inputs with some mutations.
pub(crate) fn mutated(inputs: Vec<Vec<u8>>, words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let place = any::<u16>;
    let mutation = prop_oneof![
        4 => (place(), any::<u8>()).prop_map(|(at, byte)| Mutation::Put(at, byte)),
        2 => (place(), any::<u8>()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        2 => (place(), any::<u8>()).prop_map(|(at, count)| Mutation::Remove(at, count)),
        1 => (place(), any::<u8>()).prop_map(|(at, count)| Mutation::Double(at, count)),
        4 => (place(), select(words)).prop_map(|(at, word)| Mutation::Word(at, word)),
        1 => place().prop_map(Mutation::Cut),
    ];
    (select(inputs), vec(mutation, 1..8)).prop_map(|(input, mutations)| mutations.into_iter().fold(input, apply))
}

fn apply(mut bytes: Vec<u8>, mutation: Mutation) -> Vec<u8> {
    let length = bytes.len();
    let place = |at: u16| usize::from(at) * length / 65_536;
    let part = |at: u16, count: u8| place(at)..(place(at) + usize::from(count)).min(length);
    match mutation {
        Mutation::Put(at, byte) => {
            if let Some(old) = bytes.get_mut(place(at)) {
                *old = byte;
            }
        }
        Mutation::Insert(at, byte) => bytes.insert(place(at), byte),
        Mutation::Remove(at, count) => drop(bytes.drain(part(at, count))),
        Mutation::Double(at, count) => {
            let again = bytes[part(at, count)].to_vec();
            let at = place(at);
            bytes.splice(at..at, again);
        }
        Mutation::Word(at, word) => {
            let at = place(at);
            bytes.splice(at..at, word.bytes());
        }
        Mutation::Cut(at) => bytes.truncate(place(at)),
    }
    bytes
}
