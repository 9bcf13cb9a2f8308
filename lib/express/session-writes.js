'use strict'

// `set` and `touch` of the store: what a request has made of its session is written over the version that it has read, or merged with what others have written since.

const { setTimeout: pause } = require('node:timers/promises')
const { RedwrightError, typeError } = require('../errors')
const { isId } = require('../session/names')
const { merge } = require('./session-merge')
const { Origin, originOf, setOrigin } = require('./session-origin')
const { cookieOf, parsed, recordOf, sameTerms, ttlOf } = require('./session-record')

/** @typedef {import('./session-record').Record} Record */

/** Whoever loses so often stands back for a moment, so that not all of them come again at once. */
const PATIENT_UNTIL = 4
const LONGEST_PAUSE_MS = 20

class SessionWrites {
  #sessions
  #plan
  #refused

  /**
   * @param {import('../session/sessions').Sessions} sessions
   * @param {ReturnType<typeof import('./session-options').planOf>} plan
   * @param {(reason: 'destroyed' | 'expired' | 'conflict') => void} refused
   */
  constructor(sessions, plan, refused) {
    this.#sessions = sessions
    this.#plan = plan
    this.#refused = refused
  }

  /**
   * @param {string} sid
   * @param {any} session
   */
  async set(sid, session) {
    if (!isId(sid)) throw typeError('sid must be a string of 1 to 1024 characters, well-formed and without control characters')
    const record = recordOf(session)
    const origin = originOf(session, sid) ?? setOrigin(session, new Origin(sid))
    await origin.turn(() => this.#set(sid, record, origin))
  }

  /**
   * @param {string} sid
   * @param {any} session
   */
  async touch(sid, session) {
    const terms = cookieOf(session?.cookie)
    const origin = originOf(session ?? {}, sid) ?? new Origin(sid)
    await origin.turn(() => this.#touch(sid, terms, origin))
  }

  /**
   * @param {string} sid
   * @param {{ cookie: string, ttlMs: number | undefined }} terms
   * @param {Origin} origin
   */
  async #touch(sid, { cookie, ttlMs = this.#plan.ttlMs }, origin) {
    if (ttlMs <= 0) return void (await this.#sessions.destroy(sid))
    await this.#sessions.touch(sid, { version: origin.version, cookie: cookie === '' ? undefined : cookie, ttlMs })
  }

  /**
   * @param {string} sid
   * @param {Record} record
   * @param {Origin} origin
   */
  async #set(sid, record, origin) {
    const { ttlMs = this.#plan.ttlMs } = record
    if (ttlMs <= 0) return void (await this.#sessions.destroy(sid))
    // Nothing of its own to write: others may have, and keep it.
    if (record.data === origin.seen) return this.#touch(sid, record, origin)
    const deadline = performance.now() + this.#plan.timeoutMs
    for (let times = 1; !(await this.#write(sid, record, origin)); times++) {
      if (performance.now() > deadline) throw new RedwrightError('ERR_BUSY', 'the session is written by too many at once')
      if (times > PATIENT_UNTIL) await pause(Math.random() * LONGEST_PAUSE_MS)
    }
  }

  /**
   * Whether it came to an end: `false` where others wrote meanwhile, and it can be tried again.
   * @param {string} sid
   * @param {Record} record
   * @param {Origin} origin
   */
  async #write(sid, record, origin) {
    const { data, cookie, ttlMs } = this.#draft(record, origin)
    const answer = await this.#sessions.write(sid, { version: origin.version, data, cookie, ttlMs })
    if (answer.outcome === 'written') {
      Object.assign(origin, { version: answer.version, stored: data, storedCookie: cookie, seen: record.data, seenCookie: record.cookie })
      return true
    }
    if (answer.outcome === 'gone') return this.#refuse(answer.reason)
    if (this.#plan.conflict === 'reject') return this.#refuse('conflict')
    Object.assign(origin, { version: answer.version, stored: answer.data, storedCookie: answer.cookie })
    return false
  }

  /**
   * What is to be stored: the session of the request, with what others have stored since it was read.
   * @param {Record} record
   * @param {Origin} origin
   */
  #draft(record, origin) {
    const { stored, storedCookie, seen, seenCookie } = origin
    const { ttlMs: otherwise, conflict, settle } = this.#plan
    const mine = { data: record.data, cookie: record.cookie, ttlMs: record.ttlMs ?? otherwise }
    if (seen === undefined || conflict !== 'merge') return mine
    const data = seen === stored ? mine.data : merged(seen, mine.data, stored, settle)
    // Who asked to be remembered meanwhile stays so, where this request did not say otherwise.
    if (seenCookie === storedCookie || !sameTerms(mine.cookie, seenCookie) || sameTerms(seenCookie, storedCookie)) return { ...mine, data }
    const ttlMs = ttlOf(parsed(storedCookie)?.expires) ?? otherwise
    return { data, cookie: storedCookie, ttlMs: Math.max(ttlMs, 1) }
  }

  /** @param {'destroyed' | 'expired' | 'conflict'} reason */
  #refuse(reason) {
    this.#refused(reason)
    return true
  }
}

/**
 * @param {string} seen
 * @param {string} mine
 * @param {string} stored
 * @param {import('./session-merge').Settle} settle
 */
function merged(seen, mine, stored, settle) {
  return JSON.stringify(merge(parsed(seen) ?? {}, parsed(mine), parsed(stored) ?? {}, settle))
}

module.exports = { SessionWrites }
