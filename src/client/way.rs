//! Which connection a command takes.

/// By slot where that matters, and to a replica where that is allowed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Way {
    /// `None` where any will do.
    pub slot: Option<u16>,
    /// Whether a replica may answer.
    pub read: bool,
}
