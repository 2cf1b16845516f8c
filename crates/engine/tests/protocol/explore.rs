//! The explorer: breadth first, so that the first failure found is a shortest one.

use std::collections::{HashMap, VecDeque};

use crate::world::{Move, World};

/// What a whole exploration saw.
#[derive(Debug)]
pub(crate) struct Explored {
    pub(crate) states: usize,
    /// States in which nothing is left to do.
    pub(crate) ends: usize,
}

/// What went wrong, and a shortest way there.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) what: &'static str,
    pub(crate) path: Vec<Move>,
}

/// Every state that was seen, and how it was reached first.
struct Seen {
    worlds: Vec<World>,
    from: Vec<Option<(usize, Move)>>,
}

impl Seen {
    fn path(&self, mut to: usize) -> Vec<Move> {
        let mut path = Vec::new();
        while let Some((from, how)) = self.from[to] {
            path.push(how);
            to = from;
        }
        path.reverse();
        path
    }
}

/// Goes through every state that can be reached. From each one, an end must be within reach in which all is done.
pub(crate) fn explore(first: World) -> Result<Explored, Failure> {
    let mut numbers = HashMap::from([(first.clone(), 0)]);
    let mut seen = Seen { worlds: vec![first], from: vec![None] };
    let mut reached_from: Vec<Vec<usize>> = vec![Vec::new()];
    let mut ends = Vec::new();
    let mut waiting = VecDeque::from([0]);
    while let Some(number) = waiting.pop_front() {
        let world = seen.worlds[number].clone();
        let next = world.moves();
        if next.iter().all(|(how, _)| how.is_fault()) {
            if !world.is_done() {
                return Err(Failure { what: "work is left that nobody will do", path: seen.path(number) });
            }
            ends.push(number);
        }
        for (how, world) in next {
            let wrong = world.wrong;
            let fresh = seen.worlds.len();
            let found = *numbers.entry(world.clone()).or_insert(fresh);
            if found == fresh {
                seen.worlds.push(world);
                seen.from.push(Some((number, how)));
                reached_from.push(Vec::new());
                waiting.push_back(fresh);
            }
            if let Some(what) = wrong {
                return Err(Failure { what, path: seen.path(found) });
            }
            reached_from[found].push(number);
        }
    }
    match stranded(&reached_from, &ends) {
        Some(number) => Err(Failure { what: "work goes round without an end", path: seen.path(number) }),
        None => Ok(Explored { states: seen.worlds.len(), ends: ends.len() }),
    }
}

/// The first state from which no end can be reached.
fn stranded(reached_from: &[Vec<usize>], ends: &[usize]) -> Option<usize> {
    let mut leads = vec![false; reached_from.len()];
    let mut waiting = ends.to_vec();
    while let Some(number) = waiting.pop() {
        if !std::mem::replace(&mut leads[number], true) {
            waiting.extend(&reached_from[number]);
        }
    }
    leads.iter().position(|leads| !leads)
}
