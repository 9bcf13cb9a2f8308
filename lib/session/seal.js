'use strict'

// What is sealed at rest: AES-256-GCM (NIST SP 800-38D) with a ring of keys. Without keys texts stay as they are.
//
//   0xFF 0x01   a byte that can begin no UTF-8, and the form
//   8 bytes     which key
//   12 bytes    random
//   …           the text, enciphered
//   16 bytes    the tag, which holds for this text under this name only: what is copied to another session or another field does not open there

const { createCipheriv, createDecipheriv, createHash, randomBytes } = require('node:crypto')

const CIPHER = 'aes-256-gcm'
const FORM = Buffer.from([0xff, 0x01])
const ID_BYTES = 8
const IV_BYTES = 12
const TAG_BYTES = 16
const IV_AT = FORM.length + ID_BYTES
const TEXT_AT = IV_AT + IV_BYTES

/** @typedef {import('node:crypto').KeyObject} KeyObject */
/** @typedef {{ key: KeyObject, id: Buffer }} Ring */

class Seal {
  /** @type {readonly Ring[]} */
  #ring

  /** @param {readonly KeyObject[]} keys the first seals, all open */
  constructor(keys) {
    this.#ring = keys.map((key) => ({ key, id: idOf(key) }))
  }

  get isOn() {
    return this.#ring.length > 0
  }

  /**
   * @param {string} text
   * @param {string} name of the session
   * @param {string} field
   * @returns {string | Uint8Array}
   */
  close(text, name, field) {
    if (!this.isOn) return text
    const { key, id } = this.#ring[0]
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv(CIPHER, key, iv).setAAD(whereOf(name, field))
    const enciphered = cipher.update(text, 'utf8')
    cipher.final()
    return Buffer.concat([FORM, id, iv, enciphered, cipher.getAuthTag()])
  }

  /**
   * `null` where it does not open: it is of another key or place, cut off, changed, or not sealed where it should be.
   * @param {string | Uint8Array} value
   * @param {string} name
   * @param {string} field
   * @returns {string | null}
   */
  open(value, name, field) {
    if (!this.isOn) return typeof value === 'string' ? value : null
    if (typeof value === 'string') return null
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    if (bytes.length < TEXT_AT + TAG_BYTES || !bytes.subarray(0, FORM.length).equals(FORM)) return null
    const id = bytes.subarray(FORM.length, IV_AT)
    const entry = this.#ring.find((entry) => entry.id.equals(id))
    if (entry === undefined) return null
    const decipher = createDecipheriv(CIPHER, entry.key, bytes.subarray(IV_AT, TEXT_AT), { authTagLength: TAG_BYTES })
    decipher.setAAD(whereOf(name, field)).setAuthTag(bytes.subarray(-TAG_BYTES))
    try {
      const text = decipher.update(bytes.subarray(TEXT_AT, -TAG_BYTES))
      decipher.final()
      return text.toString('utf8')
    } catch {
      return null
    }
  }
}

/** @param {KeyObject} key */
function idOf(key) {
  return createHash('sha256').update('redwright key id\0').update(key.export()).digest().subarray(0, ID_BYTES)
}

/**
 * @param {string} name
 * @param {string} field
 */
function whereOf(name, field) {
  return Buffer.from(`${field}\0${name}`)
}

module.exports = { Seal }
