//! The terminal of the person who works on a host, as its server is told of it.

use rustix::termios::Termios;

/// How large a terminal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Characters in a line.
    pub columns: u32,
    /// Lines.
    pub rows: u32,
    /// Pixels in a line; zero: not known.
    pub width: u32,
    /// Lines of pixels; zero: not known.
    pub height: u32,
}

impl Default for Size {
    /// That of the terminals that all others descend from, for where there is none to measure.
    fn default() -> Self {
        Self { columns: 80, rows: 24, width: 0, height: 0 }
    }
}

/// A terminal to be had on a host.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// What it understands: the value of `TERM`.
    pub kind: String,
    /// How large it is.
    pub size: Size,
    /// Keys and modes it is set to; `None`: those that the host gives to every terminal.
    pub settings: Option<Termios>,
}
