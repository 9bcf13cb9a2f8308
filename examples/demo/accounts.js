'use strict'

const { randomBytes, randomUUID, scrypt, timingSafeEqual } = require('node:crypto')
const { promisify } = require('node:util')
const { DistributedLock, RedisRepository } = require('redwright')

const hashOf = promisify(scrypt)
const BYTES = 32
/** A name that nobody has costs as much time as a wrong password. */
const nobody = { salt: 'none', hash: Buffer.alloc(BYTES).toString('base64') }

/** Who may log in: records by name, for a day. Of a password only its scrypt hash is kept, with a salt of its own. */
class Accounts {
  #records
  #locks

  constructor(redis, prefix) {
    this.#records = new RedisRepository(redis, 'account', { prefix: `${prefix}-login`, ttl: '1d' })
    this.#locks = new DistributedLock(redis, { prefix: `${prefix}-lock` })
  }

  /** @returns {Promise<{ id: string, name: string } | null>} `null` where the name is taken */
  async open(name, password) {
    const salt = randomBytes(16).toString('base64')
    const hash = (await hashOf(password, salt, BYTES)).toString('base64')
    // Of two who want one name at once, one gets it.
    return this.#locks.withLock(`account/${name}`, async () => {
      if (await this.#records.exists(name)) return null
      // By an id and not by the name, so that who takes a name after its day finds no sessions of who had it before.
      const id = randomUUID()
      await this.#records.set(name, { id, salt, hash })
      return { id, name }
    })
  }

  /** @returns {Promise<{ id: string, name: string } | null>} `null` where name or password is wrong */
  async check(name, password) {
    const { id, salt, hash } = (await this.#records.get(name)) ?? nobody
    const isRight = timingSafeEqual(await hashOf(password, salt, BYTES), Buffer.from(hash, 'base64'))
    return isRight && id !== undefined ? { id, name } : null
  }
}

module.exports = { Accounts }
