pub mod foundation;
pub mod neighbourhood;
