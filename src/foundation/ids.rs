//! Typed ids: 42 bits of milliseconds since 2026 and 22 random bits in a BIGINT, decimal strings at the outside.
//!
//! They sort by time, never go below the last one of this process, and stay positive until 2095. Two processes
//! may draw the same one (1 in 4 million within a millisecond): the primary key says no, and
//! [`Database::write`](super::database::Database::write) runs the use case again.

use std::sync::atomic::{AtomicI64, Ordering};

use super::clock::Time;

const EPOCH_MILLIS: i64 = 1_767_225_600_000; // 2026-01-01T00:00:00Z
const RANDOM_BITS: u32 = 22;

static LAST: AtomicI64 = AtomicI64::new(0);

/// The next id of this process at `now`.
#[must_use]
pub fn next_id(now: Time) -> i64 {
    let millis = (now.millis() - EPOCH_MILLIS).max(0);
    let drawn = (millis << RANDOM_BITS) | i64::from(random_u32() >> (32 - RANDOM_BITS));
    let mut id = drawn;
    // A clock that jumped back, or two draws in one millisecond: count on from the last one.
    let _ = LAST.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| {
        id = drawn.max(last + 1);
        Some(id)
    });
    id
}

fn random_u32() -> u32 {
    let mut bytes = [0; 4];
    // Without randomness the id is still unique in this process; the primary key guards the rest.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    u32::from_le_bytes(bytes)
}

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        pub struct $name(pub i64);

        impl $name {
            #[must_use]
            pub fn next(now: $crate::foundation::clock::Time) -> Self {
                Self($crate::foundation::ids::next_id(now))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::foundation::error::Error;

            /// Only what we write ourselves is an id: digits, no sign, no leading zero.
            fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
                let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
                match text.parse() {
                    Ok(id) if plain => Ok(Self(id)),
                    _ => Err($crate::foundation::error::Error::NotFound),
                }
            }
        }

        impl<DB: diesel::backend::Backend> diesel::serialize::ToSql<diesel::sql_types::BigInt, DB> for $name
        where
            i64: diesel::serialize::ToSql<diesel::sql_types::BigInt, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, DB>,
            ) -> diesel::serialize::Result {
                self.0.to_sql(out)
            }
        }

        impl<DB: diesel::backend::Backend> diesel::deserialize::FromSql<diesel::sql_types::BigInt, DB> for $name
        where
            i64: diesel::deserialize::FromSql<diesel::sql_types::BigInt, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                <i64 as diesel::deserialize::FromSql<diesel::sql_types::BigInt, DB>>::from_sql(bytes).map(Self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(|_| serde::de::Error::custom("not an id"))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
    )+};
}

typed_id! {
    AccountId, ActorId, ActivityId, AnnouncementId, ArrivalId, BlockId, DecisionId, FollowId,
    PartnerId, PictureId, PostId, PrivatePostId, RawActivityId, ReactionId, ReportId, SeatId, SubmissionId, VersionId,
    /// A wijk is an actor: its id is that actor's.
    WijkId,
}

impl From<WijkId> for ActorId {
    fn from(wijk: WijkId) -> Self {
        Self(wijk.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_process_only_go_up() {
        let now = Time::from_millis(1_795_000_000_000);
        let ids: Vec<i64> = (0..1000).map(|_| next_id(now)).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let earlier = Time::from_millis(now.millis() - 60_000);
        assert!(next_id(earlier) > ids[999], "a clock that jumps back must not repeat ids");
    }

    #[test]
    fn only_our_own_spelling_is_an_id() {
        assert_eq!("42".parse::<PostId>().unwrap(), PostId(42));
        for wrong in ["", "0", "042", "+42", "-1", "4 2", "99999999999999999999", "x"] {
            assert!(wrong.parse::<PostId>().is_err(), "{wrong}");
        }
    }
}
