//! Preloaded into a program under test (`LD_PRELOAD`): a wall clock that is wrong, and a disk that is full.
//!
//! Both are told by files, so that they can come and go while the program runs. The paths are in the environment of
//! the program. Each function here takes the place of one of the C library, and ends in the system call itself.
//! Nothing allocates, locks or remembers: these functions are called from anywhere.

#![cfg(target_os = "linux")]

mod clock;
mod disk;

use std::ffi::{CStr, c_char};

/// The path in a variable of the environment.
fn path(variable: &CStr) -> Option<*const c_char> {
    // SAFETY: the name ends in a zero, and the programs under test do not change their environment.
    let path = unsafe { libc::getenv(variable.as_ptr()) };
    (!path.is_null()).then_some(path.cast_const())
}
