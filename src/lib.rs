//! LikeJeWijk: the channel of a Dutch neighbourhood, on the fediverse.
//!
//! Three storeys, arrows down. [`foundation`] is what everything stands on; [`neighbourhood`] is what a wijk is and
//! does, room by room; [`doors`] is how the world comes in. [`server`] opens the doors.

pub mod foundation;
pub mod neighbourhood;
pub mod doors;
pub mod server;
pub mod demo;
