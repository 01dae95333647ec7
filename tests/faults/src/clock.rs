//! The wall clock, wrong by the seconds that the file `FAULTS_CLOCK` holds. The monotonic clock stays right.

use std::ffi::c_void;

use libc::{c_int, c_long, clockid_t, time_t, timespec, timeval};

use crate::path;

/// # Safety
/// As of `clock_gettime(2)`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int {
    // SAFETY: the caller's own arguments.
    let result = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) };
    let wall = matches!(clock, libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE);
    if result == 0 && wall {
        // SAFETY: the system has just written to it.
        unsafe { (*time).tv_sec += wrong_by() };
    }
    result as c_int
}

/// # Safety
/// As of `gettimeofday(2)`; the time zone, long without meaning, is left alone.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn gettimeofday(time: *mut timeval, _zone: *mut c_void) -> c_int {
    let now = now();
    if !time.is_null() {
        let value = timeval {
            tv_sec: now.tv_sec,
            tv_usec: now.tv_nsec / 1000,
        };
        // SAFETY: the caller's pointer, which is not null.
        unsafe { time.write(value) };
    }
    0
}

/// # Safety
/// As of `time(2)`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn time(time: *mut time_t) -> time_t {
    let seconds = now().tv_sec;
    if !time.is_null() {
        // SAFETY: the caller's pointer, which is not null.
        unsafe { time.write(seconds) };
    }
    seconds
}

fn now() -> timespec {
    let mut now = timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: it is written to a value of our own.
    unsafe { clock_gettime(libc::CLOCK_REALTIME, &raw mut now) };
    now
}

/// None without the variable, without the file, and when the file holds no number.
fn wrong_by() -> c_long {
    let mut text = [0_u8; 20];
    let Some(path) = path(c"FAULTS_CLOCK") else {
        return 0;
    };
    // SAFETY: the path ends in a zero, and no more is read than there is room for.
    let length = unsafe {
        let file = libc::open(path, libc::O_RDONLY | libc::O_CLOEXEC);
        if file < 0 {
            return 0;
        }
        let length = libc::read(file, text.as_mut_ptr().cast(), text.len());
        libc::close(file);
        length
    };
    let text = &text[..usize::try_from(length).unwrap_or_default()];
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or_default()
}
