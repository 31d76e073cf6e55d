//! The cases of TRUST.md §5, each a test named by its id, on both databases.
//!
//! F6 needs a TLS listener to redirect from; here it is tested as a redirect to http outside the
//! lab. F7–F9, P1–P18, C1, A1–A15, A20, M1–M12, M18–M24 are not here yet.

mod case;
mod signature;
mod identity;
mod fetching;
mod parsing;
mod content;
mod ownership;
mod private;
mod sign_in;

use case::Case;
