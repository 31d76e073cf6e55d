//! Passwords: hashed with Argon2id before any transaction opens, and compared in the same time for everybody.
//! Hashing takes tens of milliseconds: doors call this where blocking is allowed.

use std::sync::{Condvar, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use super::PasswordHash;
use crate::foundation::error::{Error, Result};

/// OWASP's minimum; it fits the memory this server is promised to stay within.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes of this process at one time.
const AT_ONCE: usize = 2;
/// Who comes when this many wait is sent away: they hold a thread each.
const WAITING: usize = 16;

/// What is compared with where there is nothing to compare with. No password has this hash.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bGlrZWpld2lqay1uaWVtYW5k$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password somebody chose, of 12 to 200 characters.
pub struct NewPassword(String);

impl NewPassword {
    pub fn parse(text: &str) -> Result<Self> {
        match text.chars().count() {
            0..12 => Err(Error::invalid(
                "password",
                "is at least 12 characters; a sentence is easy to remember",
            )),
            12..=200 => Ok(Self(text.to_owned())),
            _ => Err(Error::invalid("password", "is at most 200 characters")),
        }
    }

    pub fn hash(&self) -> Result<PasswordHash> {
        let _turn = Turn::take()?;
        let hash: Phc = argon2()?.hash_password(self.0.as_bytes()).map_err(Error::internal)?;
        Ok(PasswordHash(hash.to_string()))
    }
}

/// Whether `given` is the password that was stored; takes as long where none is.
///
/// # Errors
/// `Unavailable` where too many wait for the same.
pub fn verify(stored: Option<&PasswordHash>, given: &str) -> Result<bool> {
    let _turn = Turn::take()?;
    let hash = Phc::new(stored.map_or(NOBODY, PasswordHash::as_str)).map_err(Error::internal)?;
    let is_same = argon2()?.verify_password(given.as_bytes(), &hash).is_ok();
    Ok(is_same && stored.is_some())
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// One of the [`AT_ONCE`] places; given back when it is dropped.
struct Turn;

struct Queue {
    hashing: usize,
    waiting: usize,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue { hashing: 0, waiting: 0 });
static FREE: Condvar = Condvar::new();

impl Turn {
    fn take() -> Result<Self> {
        let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.waiting >= WAITING {
            return Err(Error::Unavailable(
                "too many people sign in at once; try again in a moment".to_owned(),
            ));
        }
        queue.waiting += 1;
        let mut queue = FREE
            .wait_while(queue, |queue| queue.hashing >= AT_ONCE)
            .unwrap_or_else(PoisonError::into_inner);
        queue.waiting -= 1;
        queue.hashing += 1;
        Ok(Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        QUEUE.lock().unwrap_or_else(PoisonError::into_inner).hashing -= 1;
        FREE.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_fits() {
        let hash = NewPassword::parse("een lange zin").unwrap().hash().unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert!(verify(Some(&hash), "een lange zin").unwrap());
        assert!(!verify(Some(&hash), "een lange zij").unwrap());
        assert!(!verify(None, "een lange zin").unwrap());
        assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    }

    #[test]
    fn nobody_costs_as_much_as_somebody() {
        let nobody = Phc::new(NOBODY).unwrap();
        assert_eq!(
            (nobody.params.to_string().as_str(), nobody.hash.unwrap().len()),
            ("m=19456,t=2,p=1", 32)
        );
    }

    #[test]
    fn a_password_is_long_and_not_endless() {
        assert!(NewPassword::parse("twaalfteken").is_err());
        assert!(NewPassword::parse("twaalf teken").is_ok());
        assert!(NewPassword::parse(&"é".repeat(200)).is_ok());
        assert!(NewPassword::parse(&"é".repeat(201)).is_err());
    }
}
