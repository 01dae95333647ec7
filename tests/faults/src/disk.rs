//! Writes to files below the folder `FAULTS_DISK`, refused for want of space while the file `FAULTS_DISK_FULL` exists.
//! Each refusal adds a byte to that file, so that a test can tell how many there were.

use std::ffi::{CStr, c_void};

use libc::{c_int, c_uint, iovec, off_t, off64_t, size_t, ssize_t};

use crate::path;

/// # Safety
/// As of `write(2)`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn write(file: c_int, bytes: *const c_void, count: size_t) -> ssize_t {
    if full(file) {
        return refused();
    }
    // SAFETY: the caller's own arguments.
    unsafe { libc::syscall(libc::SYS_write, file, bytes, count) as ssize_t }
}

/// # Safety
/// As of `writev(2)`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn writev(file: c_int, parts: *const iovec, count: c_int) -> ssize_t {
    if full(file) {
        return refused();
    }
    // SAFETY: the caller's own arguments.
    unsafe { libc::syscall(libc::SYS_writev, file, parts, count) as ssize_t }
}

/// # Safety
/// As of `pwrite(2)`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn pwrite(
    file: c_int,
    bytes: *const c_void,
    count: size_t,
    offset: off_t,
) -> ssize_t {
    if full(file) {
        return refused();
    }
    // SAFETY: the caller's own arguments.
    unsafe { libc::syscall(libc::SYS_pwrite64, file, bytes, count, offset) as ssize_t }
}

/// # Safety
/// As of `pwrite64(2)`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn pwrite64(
    file: c_int,
    bytes: *const c_void,
    count: size_t,
    offset: off64_t,
) -> ssize_t {
    // SAFETY: the caller's own arguments, of the same types on the systems that these tests run on.
    unsafe { pwrite(file, bytes, count, offset) }
}

/// # Safety
/// As of `copy_file_range(2)`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn copy_file_range(
    from: c_int,
    from_offset: *mut off64_t,
    file: c_int,
    offset: *mut off64_t,
    count: size_t,
    flags: c_uint,
) -> ssize_t {
    if full(file) {
        return refused();
    }
    // SAFETY: the caller's own arguments.
    unsafe {
        libc::syscall(
            libc::SYS_copy_file_range,
            from,
            from_offset,
            file,
            offset,
            count,
            flags,
        ) as ssize_t
    }
}

/// Whether an open file is on the full disk. Takes note of it.
fn full(file: c_int) -> bool {
    let (Some(flag), Some(folder)) = (path(c"FAULTS_DISK_FULL"), path(c"FAULTS_DISK")) else {
        return false;
    };
    // SAFETY: the path ends in a zero.
    if unsafe { libc::access(flag, libc::F_OK) } != 0 {
        return false;
    }
    // SAFETY: the environment ends each value in a zero.
    let folder = unsafe { CStr::from_ptr(folder) }.to_bytes();
    let full = is_below(file, folder);
    if full {
        // SAFETY: the path ends in a zero; the file is closed again, and without it nothing is noted.
        unsafe {
            let flag = libc::open(flag, libc::O_WRONLY | libc::O_APPEND | libc::O_CLOEXEC);
            libc::syscall(libc::SYS_write, flag, c"x".as_ptr(), 1);
            libc::close(flag);
        }
    }
    full
}

fn is_below(file: c_int, folder: &[u8]) -> bool {
    const LINKS: &[u8] = b"/proc/self/fd/";
    let mut link = [0_u8; LINKS.len() + 12];
    link[..LINKS.len()].copy_from_slice(LINKS);
    let mut digits = &mut link[LINKS.len()..];
    // Its last byte stays zero: a number has at most eleven.
    if std::io::Write::write_fmt(&mut digits, format_args!("{file}")).is_err() {
        return false;
    }
    let mut target = [0_u8; libc::PATH_MAX as usize];
    // SAFETY: the link ends in a zero, and no more is written than there is room for.
    let length = unsafe {
        libc::readlink(
            link.as_ptr().cast(),
            target.as_mut_ptr().cast(),
            target.len(),
        )
    };
    let Ok(length) = usize::try_from(length) else {
        return false;
    };
    target[..length]
        .strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with(b"/"))
}

fn refused() -> ssize_t {
    // SAFETY: the number of the last error is the thread's own.
    unsafe { *libc::__errno_location() = libc::ENOSPC };
    -1
}
