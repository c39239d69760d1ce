use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::Fetched;

/// For how long an answer is kept at most: long enough for one use of many variables, short
/// enough that a rotated secret is soon seen.
const LIFETIME: Duration = Duration::from_secs(60);
/// How many answers are kept.
const CAPACITY: usize = 64;

/// Answers of servers and programs, each until it expires. Whatever leaves is zeroed.
#[derive(Default)]
pub(super) struct Cache {
    entries: HashMap<String, Entry>,
}

struct Entry {
    fetched: Arc<Fetched>,
    until: Instant,
}

impl Cache {
    /// What is kept under a key. Everything that has expired is dropped.
    pub(super) fn get(&mut self, key: &str, now: Instant) -> Option<Arc<Fetched>> {
        self.entries.retain(|_, entry| now < entry.until);
        self.entries
            .get(key)
            .map(|entry| Arc::clone(&entry.fetched))
    }

    /// Keeps an answer; the one that expires first makes room for it.
    pub(super) fn insert(&mut self, key: String, fetched: Arc<Fetched>, now: Instant) {
        self.entries.retain(|_, entry| now < entry.until);
        if self.entries.len() >= CAPACITY && !self.entries.contains_key(&key) {
            let first = self.entries.iter().min_by_key(|(_, entry)| entry.until);
            if let Some(first) = first.map(|(key, _)| key.clone()) {
                self.entries.remove(&first);
            }
        }
        let lifetime = fetched.lease.map_or(LIFETIME, |lease| lease.min(LIFETIME));
        let until = now + lifetime;
        self.entries.insert(key, Entry { fetched, until });
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        time::{Duration, Instant},
    };

    use super::{CAPACITY, Cache, Fetched, LIFETIME};

    fn answer(lease: Option<u64>) -> Arc<Fetched> {
        let lease = lease.map(Duration::from_secs);
        Arc::new(Fetched {
            text: "v".into(),
            root: "",
            lease,
        })
    }

    #[test]
    fn an_answer_expires() {
        let start = Instant::now();
        for (lease, seconds) in [(None, 60), (Some(5), 5), (Some(3_600), 60)] {
            let mut cache = Cache::default();
            cache.insert("key".to_owned(), answer(lease), start);
            let last = start + Duration::from_secs(seconds) - Duration::from_millis(1);
            assert!(cache.get("key", last).is_some(), "{lease:?}");
            assert!(
                cache
                    .get("other", last + Duration::from_millis(1))
                    .is_none()
            );
            assert!(cache.entries.is_empty(), "{lease:?}: dropped by any look");
        }
    }

    #[test]
    fn the_first_to_expire_makes_room() {
        let start = Instant::now();
        let mut cache = Cache::default();
        for number in 0..=CAPACITY {
            let now = start + Duration::from_millis(number as u64);
            cache.insert(number.to_string(), answer(None), now);
        }
        let now = start + LIFETIME / 2;
        assert_eq!(cache.entries.len(), CAPACITY);
        assert!(cache.get("0", now).is_none());
        assert!(cache.get("1", now).is_some());
        cache.insert("1".to_owned(), answer(None), now);
        assert_eq!(cache.entries.len(), CAPACITY, "a known key needs no room");
    }
}
