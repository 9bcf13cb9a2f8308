//! Outcomes become JavaScript values here, a batch at a time.

#![allow(unsafe_code)]

use super::outcome::{Code, Failure, Outcome};
use super::port::{Completion, Port};
use super::reactor;
use napi::bindgen_prelude::{Env, Function, Result, Uint32Array, Unknown, check_status};
use napi::sys;
use napi::threadsafe_function::ThreadsafeFunctionCallMode::NonBlocking;
use napi_derive::napi;
use std::ptr;
use std::sync::Arc;

/// One drain hands over no more than this, so that a burst never blocks the event loop; the rest follows on the next turn.
const MOST: usize = 512;
const MOST_BYTES: usize = 512 * 1024;

/// What `slots` says of a value. `lib/calls.js` has the same table.
mod tag {
    pub const NIL: u32 = 0;
    pub const DONE: u32 = 1;
    pub const FALSE: u32 = 2;
    pub const TRUE: u32 = 3;
    /// The next element of the returned array is the value.
    pub const VALUE: u32 = 4;
    /// The next element is `[code, message, retryable, maybeExecuted, serverCode]`.
    pub const FAILURE: u32 = 5;
}

/// This environment's end of the bridge.
#[napi]
pub struct NativePort {
    port: Arc<Port>,
}

#[napi]
impl NativePort {
    /// `wake` is called on this thread, from an empty stack, when outcomes wait for [`NativePort::drain`].
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, wake: Function<'_, (), ()>) -> Result<Self> {
        let wake = wake
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .callee_handled::<false>()
            .max_queue_size::<1>()
            .build()?;
        let port = Port::new(Box::new(move || {
            // A full queue means that a wake is under way already.
            wake.call((), NonBlocking);
        }));
        env.add_env_cleanup_hook(port.clone(), |port| {
            port.close();
            reactor::abandon(port);
        })?;
        Ok(NativePort { port })
    }

    /// Takes the outcomes that have come up. `slots` is filled with how many there are, whether more wait, and a ticket and a tag for each; the
    /// returned array holds the values of those tags that have one, in order.
    #[napi(catch_unwind, ts_return_type = "unknown[]")]
    pub fn drain<'env>(&self, env: &'env Env, mut slots: Uint32Array) -> Result<Unknown<'env>> {
        // SAFETY: JavaScript allots this array for `drain` alone, never shares it, and waits for this call to return.
        let slots = unsafe { slots.as_mut() };
        let mut batch = Vec::with_capacity(64);
        let more = self.port.take(MOST.min(slots.len() / 2 - 1), MOST_BYTES, &mut batch);
        // What is submitted while the promises of a batch settle leaves together; a single answer's successor must not wait.
        self.port.set_gathering(batch.len() > 1);
        slots[0] = batch.len() as u32;
        slots[1] = u32::from(more);
        let values = Values::new(env, batch.len())?;
        let mut filled = 0;
        for (index, Completion { ticket, outcome }) in batch.iter().enumerate() {
            let (tag, value) = values.of(outcome).or_else(|_| values.refused())?;
            slots[2 + 2 * index] = *ticket;
            slots[3 + 2 * index] = tag;
            if let Some(value) = value {
                values.set(filled, value)?;
                filled += 1;
            }
        }
        Ok(values.finish())
    }

    /// Sends what this turn of the event loop has gathered.
    #[napi(catch_unwind)]
    pub fn end_turn(&self) {
        reactor::end_turn(&self.port);
    }
}

impl NativePort {
    pub fn port(&self) -> Arc<Port> {
        self.port.clone()
    }
}

/// A JavaScript array under construction.
struct Values<'env> {
    env: &'env Env,
    array: sys::napi_value,
}

impl<'env> Values<'env> {
    fn new(env: &'env Env, capacity: usize) -> Result<Self> {
        let mut array = ptr::null_mut();
        // SAFETY: `env` is alive for the call that we are in.
        check_status!(unsafe { sys::napi_create_array_with_length(env.raw(), capacity, &mut array) })?;
        Ok(Values { env, array })
    }

    fn set(&self, index: u32, value: sys::napi_value) -> Result<()> {
        // SAFETY: both handles belong to the handle scope of the call that we are in.
        check_status!(unsafe { sys::napi_set_element(self.env.raw(), self.array, index, value) })
    }

    fn finish(self) -> Unknown<'env> {
        // SAFETY: `array` was made in this environment and belongs to the handle scope of the call that we are in.
        unsafe { Unknown::from_raw_unchecked(self.env.raw(), self.array) }
    }

    /// The tag of an outcome, and its value where the tag has one.
    fn of(&self, outcome: &Outcome) -> Result<(u32, Option<sys::napi_value>)> {
        Ok(match outcome {
            Outcome::Nil => (tag::NIL, None),
            Outcome::Done => (tag::DONE, None),
            Outcome::Flag(false) => (tag::FALSE, None),
            Outcome::Flag(true) => (tag::TRUE, None),
            Outcome::Failure(failure) => (tag::FAILURE, Some(self.failure(failure)?)),
            other => (tag::VALUE, Some(self.value(other)?)),
        })
    }

    /// What stands for an outcome that the engine did not take, such as a text longer than it allows: the rest of the batch must not be lost with it.
    fn refused(&self) -> Result<(u32, Option<sys::napi_value>)> {
        let mut exception = ptr::null_mut();
        // SAFETY: as in `value`. Nothing else can be made while the exception of what was refused is pending.
        check_status!(unsafe { sys::napi_get_and_clear_last_exception(self.env.raw(), &mut exception) })?;
        let failure =
            Failure::new(Code::Internal, "the reply cannot be a JavaScript value: it is too long or too deep");
        Ok((tag::FAILURE, Some(self.failure(&failure.maybe_executed(true))?)))
    }

    fn value(&self, outcome: &Outcome) -> Result<sys::napi_value> {
        let env = self.env.raw();
        let mut value = ptr::null_mut();
        // SAFETY: every call gets this environment, a pointer and a length of memory that outlives it, and a place for its result.
        check_status!(unsafe {
            match outcome {
                Outcome::Nil => sys::napi_get_null(env, &mut value),
                Outcome::Done => sys::napi_get_undefined(env, &mut value),
                Outcome::Flag(flag) => sys::napi_get_boolean(env, *flag, &mut value),
                Outcome::Number(number) => sys::napi_create_double(env, *number, &mut value),
                Outcome::Integer(integer) if integer.unsigned_abs() <= 1 << 53 => {
                    sys::napi_create_double(env, *integer as f64, &mut value)
                }
                Outcome::Integer(integer) => sys::napi_create_bigint_int64(env, *integer, &mut value),
                Outcome::Text(bytes) if bytes.is_ascii() => {
                    sys::napi_create_string_latin1(env, bytes.as_ptr().cast(), bytes.len() as isize, &mut value)
                }
                Outcome::Text(bytes) => {
                    sys::napi_create_string_utf8(env, bytes.as_ptr().cast(), bytes.len() as isize, &mut value)
                }
                Outcome::Buffer(bytes) => {
                    sys::napi_create_buffer_copy(env, bytes.len(), bytes.as_ptr().cast(), ptr::null_mut(), &mut value)
                }
                Outcome::Binary(bytes) => return self.binary(bytes),
                Outcome::List(items) => return self.list(items),
                Outcome::Map(pairs) => return self.map(pairs),
                Outcome::Failure(failure) => return self.error(failure),
            }
        })?;
        Ok(value)
    }

    fn binary(&self, bytes: &[u8]) -> Result<sys::napi_value> {
        let env = self.env.raw();
        let (mut memory, mut buffer, mut array) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        // SAFETY: as in `value`; Node-API has allotted `bytes.len()` bytes at `memory`, which nobody else sees yet.
        unsafe {
            check_status!(sys::napi_create_arraybuffer(env, bytes.len(), &mut memory, &mut buffer))?;
            if !bytes.is_empty() {
                ptr::copy_nonoverlapping(bytes.as_ptr(), memory.cast(), bytes.len());
            }
            let kind = sys::TypedarrayType::uint8_array;
            check_status!(sys::napi_create_typedarray(env, kind, bytes.len(), buffer, 0, &mut array))?;
        }
        Ok(array)
    }

    fn list(&self, items: &[Outcome]) -> Result<sys::napi_value> {
        let list = Values::new(self.env, items.len())?;
        for (index, item) in items.iter().enumerate() {
            list.set(index as u32, list.value(item)?)?;
        }
        Ok(list.array)
    }

    /// An object with own properties only: they are defined, not assigned, so that a field called `__proto__` is a field.
    fn map(&self, pairs: &[(Outcome, Outcome)]) -> Result<sys::napi_value> {
        let env = self.env.raw();
        let mut object = ptr::null_mut();
        // SAFETY: as in `value`.
        check_status!(unsafe { sys::napi_create_object(env, &mut object) })?;
        for (key, value) in pairs {
            let mut name = self.value(key)?;
            // SAFETY: as in `value`; the descriptor lives through the call that reads it.
            check_status!(unsafe {
                sys::napi_coerce_to_string(env, name, &mut name);
                let descriptor = sys::napi_property_descriptor {
                    utf8name: ptr::null(),
                    name,
                    method: None,
                    getter: None,
                    setter: None,
                    value: self.value(value)?,
                    attributes: sys::PropertyAttributes::writable
                        | sys::PropertyAttributes::enumerable
                        | sys::PropertyAttributes::configurable,
                    data: ptr::null_mut(),
                };
                sys::napi_define_properties(env, object, 1, &descriptor)
            })?;
        }
        Ok(object)
    }

    /// A failure inside a reply, as an `Error` that carries its fields, so that it can be told from all that a server sends.
    fn error(&self, failure: &Failure) -> Result<sys::napi_value> {
        let env = self.env.raw();
        let message = self.value(&Outcome::Text(failure.message.clone().into()))?;
        let fields = self.failure(failure)?;
        let mut error = ptr::null_mut();
        // SAFETY: as in `value`; the name ends with a NUL.
        check_status!(unsafe {
            sys::napi_create_error(env, ptr::null_mut(), message, &mut error);
            sys::napi_set_named_property(env, error, c"failure".as_ptr(), fields)
        })?;
        Ok(error)
    }

    fn failure(&self, failure: &Failure) -> Result<sys::napi_value> {
        let text = |text: &str| Outcome::Text(bytes::Bytes::copy_from_slice(text.as_bytes()));
        self.list(&[
            text(failure.code.as_str()),
            text(&failure.message),
            Outcome::Flag(failure.retryable),
            Outcome::Flag(failure.maybe_executed),
            text(&failure.server_code),
        ])
    }
}
