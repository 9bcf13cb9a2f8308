//! Strings from JavaScript, straight into the buffer that goes to the server.

#![allow(unsafe_code)]

use napi::bindgen_prelude::{Env, Result, check_status};
use napi::{JsString, JsValue, sys};

/// Appends a JavaScript string to `buffer` as UTF-8. The caller has made sure that it holds no lone surrogate.
///
/// Node-API copies into what it is given and tells how far it came, so a string that fits the spare room costs one call.
pub fn append_utf8(env: &Env, string: &JsString<'_>, buffer: &mut Vec<u8>) -> Result<()> {
    /// Node-API ends what it writes with a NUL.
    const NUL: usize = 1;
    /// It also stops early when the next character might not fit.
    const WIDEST: usize = 4;

    let start = buffer.len();
    let room = buffer.capacity() - start;
    if room > NUL + WIDEST {
        let written = write(env, string, buffer, room)?;
        if written + NUL + WIDEST <= room {
            return Ok(());
        }
        buffer.truncate(start);
    }
    let mut length = 0;
    // SAFETY: a null buffer asks for the length only; `env` and `string` are alive for this call.
    check_status!(unsafe {
        sys::napi_get_value_string_utf8(env.raw(), string.raw(), std::ptr::null_mut(), 0, &mut length)
    })?;
    buffer.reserve(length + NUL);
    write(env, string, buffer, length + NUL)?;
    Ok(())
}

/// Writes up to `room` bytes, the NUL among them, behind what `buffer` holds; tells how many without the NUL.
fn write(env: &Env, string: &JsString<'_>, buffer: &mut Vec<u8>, room: usize) -> Result<usize> {
    let start = buffer.len();
    debug_assert!(buffer.capacity() - start >= room);
    let mut written = 0;
    // SAFETY: `room` bytes behind `start` are allocated, Node-API writes no more than that, and tells how many it wrote.
    unsafe {
        let spare = buffer.as_mut_ptr().add(start).cast();
        check_status!(sys::napi_get_value_string_utf8(env.raw(), string.raw(), spare, room, &mut written))?;
        buffer.set_len(start + written);
    }
    Ok(written)
}
