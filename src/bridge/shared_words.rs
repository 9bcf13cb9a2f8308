//! The generations of `common::Words`, as memory that JavaScript reads while the I/O thread writes it.

#![allow(unsafe_code)]

use crate::common::Words;
use napi::bindgen_prelude::{Env, Result, Unknown, check_status};
use napi::sys;
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

/// A `Uint32Array` over the words themselves, to be read by `Atomics.load` only; `null` where the engine allows no memory but its own
/// (Electron): a copy would never change.
pub fn share_words<'env>(env: &'env Env, words: &Arc<Words>) -> Result<Unknown<'env>> {
    let table = words.table();
    let (memory, bytes) = (table.as_ptr().cast_mut().cast(), size_of_val(table));
    let hint = Arc::into_raw(words.clone()).cast_mut().cast::<c_void>();
    let (mut buffer, mut array) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the table is as long as said and neither moves nor ends before `release` gives back the reference that it lives by. Its words
    // are atomics, so that they may be written while they are read; JavaScript does not write them.
    let status =
        unsafe { sys::napi_create_external_arraybuffer(env.raw(), memory, bytes, Some(release), hint, &mut buffer) };
    if status != sys::Status::napi_ok {
        // SAFETY: nothing was made, so nobody else gives back the reference that was taken above.
        drop(unsafe { Arc::from_raw(hint.cast::<Words>().cast_const()) });
    }
    // SAFETY: `env` is alive for the call that we are in, and `buffer` was made in it and is long enough.
    check_status!(unsafe {
        if status == sys::Status::napi_no_external_buffers_allowed {
            sys::napi_get_null(env.raw(), &mut array)
        } else if status == sys::Status::napi_ok {
            let kind = sys::TypedarrayType::uint32_array;
            sys::napi_create_typedarray(env.raw(), kind, table.len(), buffer, 0, &mut array)
        } else {
            status
        }
    })?;
    // SAFETY: `array` belongs to the handle scope of the call that we are in.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), array) })
}

/// The array has been collected, or its environment has ended.
unsafe extern "C" fn release(_: sys::napi_env, _: *mut c_void, hint: *mut c_void) {
    // SAFETY: `hint` is what `share_words` made of one reference, and this is called once.
    drop(unsafe { Arc::from_raw(hint.cast::<Words>().cast_const()) });
}
