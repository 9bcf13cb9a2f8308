import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { afterEach, beforeEach, describe, test } from 'node:test'

// The statements of docs/locks.md, on a real SQLite.
const openSqlite = createRequire(import.meta.url)('sql.js')

const UPDATE = 'UPDATE account SET balance = ?, fence = ? WHERE id = ? AND fence <= ?'
const INSERT = `INSERT INTO account (id, balance, fence) VALUES (?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET balance = excluded.balance, fence = excluded.fence WHERE account.fence <= excluded.fence`

/** As a lock gives them: µs since 1970, by the server's clock, or one more than the last. */
const EARLIER = 1_795_170_931_076_657
const LATER = EARLIER + 1

describe('the condition in SQL', () => {
  let db: any
  beforeEach(async () => {
    db = new (await openSqlite()).Database()
    db.run('CREATE TABLE account (id TEXT PRIMARY KEY, balance INTEGER NOT NULL, fence BIGINT NOT NULL DEFAULT 0)')
    db.run("INSERT INTO account (id, balance) VALUES ('7', 100)")
  })
  afterEach(() => db.close())

  /** How many rows a statement has touched. */
  const run = (sql: string, ...values: unknown[]): number => {
    db.run(sql, values)
    return db.getRowsModified()
  }
  const update = (id: string, balance: number, fence: number) => run(UPDATE, balance, fence, id, fence)
  const row = (id: string) => db.exec('SELECT balance, fence, typeof(fence) FROM account WHERE id = ?', [id])[0]?.values[0]

  test('lets the first holder write, the same one again, and every later one', () => {
    assert.equal(update('7', 110, EARLIER), 1)
    assert.equal(update('7', 120, EARLIER), 1)
    assert.equal(update('7', 130, LATER), 1)
    assert.deepEqual(row('7'), [130, LATER, 'integer'])
    assert.equal(update('7', 140, Number.MAX_SAFE_INTEGER), 1)
    assert.deepEqual(row('7'), [140, Number.MAX_SAFE_INTEGER, 'integer'])
  })

  test('has the UPDATE of a stale holder touch no row', () => {
    assert.equal(update('7', 130, LATER), 1)
    for (const stale of [EARLIER, 1]) {
      assert.equal(update('7', 999, stale), 0)
      assert.deepEqual(row('7'), [130, LATER, 'integer'])
    }
  })

  test('does the same where the row may not be there yet', () => {
    assert.equal(run(INSERT, 'new', 5, LATER), 1)
    assert.equal(run(INSERT, 'new', 999, EARLIER), 0)
    assert.deepEqual(row('new'), [5, LATER, 'integer'])
    assert.equal(run(INSERT, 'new', 6, LATER + 1), 1)
    assert.deepEqual(row('new'), [6, LATER + 1, 'integer'])
  })

  test('takes a whole transaction back with the row that guards it', () => {
    update('7', 130, LATER)
    db.run('CREATE TABLE entry (account TEXT, amount INTEGER)')
    db.run('BEGIN')
    db.run("INSERT INTO entry VALUES ('7', 869)")
    assert.equal(update('7', 999, EARLIER), 0)
    db.run('ROLLBACK')
    assert.deepEqual(db.exec('SELECT count(*) FROM entry')[0].values, [[0]])
  })
})
