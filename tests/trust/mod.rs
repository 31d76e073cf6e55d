//! The cases of TRUST.md §5, each a test named by its id, on both databases.
//!
//! F6 needs a TLS listener to redirect from; here it is tested as a redirect to http outside the lab.
//! F1 and F3 are judged where a name becomes an address: `foundation/http_client/`. C1 in a real browser is
//! `tests/browser/`, A8, A11 and C3 for every route `tests/access/`.
//!
//! Of what is not built yet: F9 and P1–P7 (feeds, calendars), A13–A15 (OAuth), A20 (letters).

mod case;
mod signature;
mod keys;
mod identity;
mod fetching;
mod parsing;
mod content;
mod media;
mod ownership;
mod blocks;
mod quotes;
mod reactions;
mod reports;
mod private;
mod rates;
mod sign_in;

use case::Case;
