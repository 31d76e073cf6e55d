//! One file per conversation, with its answers and its Undo. Activities import objects; nobody imports `inbox`.

pub mod following;
pub mod reacting;
pub mod reporting;
pub mod blocking;
pub mod declining;
pub mod undoing;
pub mod moving;
pub mod publishing;
pub mod announcing;
pub mod arrived;
pub mod voting;
