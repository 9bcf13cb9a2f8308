import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { startServer } from '../testing.js'
import { assertLoopbackOnly, gone, isOnACommandLine, isRunning } from './support/machine'
import { runNode } from './support/node'
import { realServer } from './support/servers'
import { until } from './support/until'
import { ask, passwordOf, socketOf } from './support/wire'

const unix = process.platform !== 'win32'
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'spec-'))
after(() => fs.rmSync(scratch, { recursive: true, force: true }))

function newFolder(name = 'temp-'): string {
  return fs.mkdtempSync(path.join(scratch, name))
}

/** A child's script: reports a server, and what the temporary folder holds meanwhile. */
const reportServer = `
  const fs = require('node:fs')
  const server = await startServer()
  report({ server, files: fs.existsSync(process.env.TMPDIR) ? fs.readdirSync(process.env.TMPDIR) : [] })
`

async function programPath(): Promise<string> {
  await using server = await realServer()
  return /\((.+)\)$/.exec(server.description)![1]
}

describe('a private server', () => {
  test('listens on a socket that only this user can reach, and on no port', { skip: !unix }, async () => {
    await using server = await realServer()
    const socket = server.path!
    assert.equal(server.port, undefined)
    assert.equal(server.url, `redis+unix://${socket}`)
    assert.equal(fs.statSync(path.dirname(socket)).mode & 0o777, 0o700)
    assert.equal(fs.statSync(socket).mode & 0o777, 0o700)
    assert.match(await ask(server, 'CONFIG GET port\r\n', /\n0\r\n$/), /\$4\r\nport\r\n\$1\r\n0\r\n$/)
  })

  test('says which server was chosen', async () => {
    await using server = await realServer()
    assert.ok(server.description.startsWith(`${server.product} ${server.version} (`))
    assert.match(server.version, /^\d+\.\d+\.\d+$/)
    const auth = server.path === undefined ? `AUTH ${passwordOf(server)}\r\n` : ''
    assert.match(await ask(server, `${auth}INFO server\r\n`, /executable:/), new RegExp(`process_id:${server.pid}\r\n`))
  })

  test('on a port it is on loopback only, behind a password that no command line shows', async () => {
    await using server = await realServer({ tcp: true })
    const password = passwordOf(server)
    assert.equal(server.host, '127.0.0.1')
    assert.match(password, /^[0-9a-f]{32}$/)
    await assertLoopbackOnly(server.port!)
    assert.match(await ask(server, 'PING\r\n', /\r\n/), /^-NOAUTH/)
    assert.equal(await ask(server, `AUTH ${password}\r\nPING\r\n`, /PONG\r\n/), '+OK\r\n+PONG\r\n')
    if (process.platform === 'linux') assert.equal(isOnACommandLine(password), false)
  })

  test('keeps nothing on disk, evicts nothing, and takes further settings', { skip: !unix }, async () => {
    await using server = await realServer({ args: ['--databases', '3'] })
    const setting = (name: string, value: string) => `*2\r\n$${name.length}\r\n${name}\r\n$${value.length}\r\n${value}\r\n`
    const settings = { save: '', appendonly: 'no', 'maxmemory-policy': 'noeviction', databases: '3' }
    const commands = Object.keys(settings).map((name) => `CONFIG GET ${name}\r\n`)
    const replies = Object.entries(settings).map(([name, value]) => setting(name, value))
    assert.equal(await ask(server, commands.join(''), /databases\r\n\$1\r\n3\r\n$/), replies.join(''))
  })

  test('takes the port that is asked for, and says so when it is taken', async () => {
    const first = await startServer({ tcp: true })
    const port = first.port!
    await assert.rejects(startServer({ port }), { code: 'EADDRINUSE' })
    await first.stop()
    await using second = await startServer({ port })
    assert.equal(second.port, port)
  })

  test('shows what the server said when it does not start, and leaves nothing behind', { skip: !unix }, async () => {
    const temp = newFolder()
    const child = runNode(
      `await startServer({ args: ['--maxmemory', 'lots'] }).catch((error) => report(error.message))`,
      { TMPDIR: temp },
    )
    assert.match(await child.report, /ended before it answered:\n[^]*maxmemory/)
    assert.equal((await child.ended).code, 0)
    assert.deepEqual(fs.readdirSync(temp), [])
  })

  test('a program that is no server is not waited for', { skip: !unix }, async () => {
    await assert.rejects(startServer({ binary: '/bin/echo' }), /\/bin\/echo ended before it answered:\n--save/)
  })

  test('another port is tried when somebody takes the one that was free', { skip: !unix }, async () => {
    const folder = newFolder()
    const script = path.join(folder, 'server')
    const lines = [`[ -e '${folder}/tried' ] && exec '${await programPath()}' "$@"`, `: > '${folder}/tried'`, 'echo bind: Address already in use']
    fs.writeFileSync(script, `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 })
    await using server = await startServer({ binary: script, tcp: true })
    assert.equal(await ask(server, `AUTH ${passwordOf(server)}\r\nPING\r\n`, /PONG\r\n/), '+OK\r\n+PONG\r\n')
  })

  test('stop() ends it, removes its folder, and can be called again', async () => {
    const server = await realServer()
    await Promise.all([server.stop(), server.stop()])
    await server.stop()
    await server[Symbol.asyncDispose]()
    assert.equal(isRunning(server.pid), false)
    if (server.path !== undefined) assert.equal(fs.existsSync(path.dirname(server.path)), false)
  })

  test('stop() ends a server that is frozen', { skip: !unix }, async () => {
    const server = await realServer()
    process.kill(server.pid, 'SIGSTOP')
    await server.stop()
    await gone(server)
  })

  test('a server program that is a script leaves nothing behind either', { skip: !unix }, async () => {
    const script = path.join(newFolder(), 'server')
    fs.writeFileSync(script, `#!/bin/sh\n'${await programPath()}' "$@"\n`, { mode: 0o755 })
    const server = await startServer({ binary: script })
    await server.stop()
    await gone(server)
  })
})

describe('the temporary folder', { skip: !unix }, () => {
  test('where the path of a socket would be too long, the server is on a port', async () => {
    const temp = newFolder('x'.repeat(90))
    const { server, files } = await runNode(reportServer, { TMPDIR: temp }).report
    assert.equal(server.host, '127.0.0.1')
    assert.equal(files.length, 1)
  })

  test('where it cannot be used, the server is on a port', async () => {
    const { server } = await runNode(reportServer, { TMPDIR: path.join(scratch, 'absent') }).report
    assert.equal(server.host, '127.0.0.1')
  })

  test('a path with special characters comes encoded in the URL', async () => {
    const temp = newFolder('a b#c?d%')
    const { server } = await runNode(reportServer, { TMPDIR: temp }).report
    assert.ok(server.path.startsWith(temp))
    assert.equal(socketOf(server.url), server.path)
  })

  test('what dead processes left there is removed, and nothing else', async () => {
    const temp = newFolder()
    const dead = runNode('')
    await dead.ended
    const stale = `redwright-${dead.process.pid}-staleA`
    const young = `redwright-${dead.process.pid}-youngA`
    const alive = `redwright-${process.pid}-aliveA`
    for (const name of [stale, young, alive, 'other']) {
      const folder = path.join(temp, name)
      fs.mkdirSync(folder)
      fs.writeFileSync(path.join(folder, 'file'), '')
      if (name !== young) fs.utimesSync(folder, 0, 0)
    }
    await runNode(reportServer, { TMPDIR: temp }).ended
    await until('the new folder is removed as well', () => fs.readdirSync(temp).length === 3)
    assert.deepEqual(fs.readdirSync(temp).sort(), [young, alive, 'other'].sort())
  })
})

describe('the server program', { skip: !unix }, () => {
  test('is named by REDWRIGHT_SERVER, as a path or as a name', async () => {
    const folder = newFolder()
    const link = path.join(folder, 'my-server')
    fs.symlinkSync(await programPath(), link)
    const byPath = await runNode(reportServer, { REDWRIGHT_SERVER: link }).report
    assert.ok(byPath.server.description.endsWith(`(${link})`))
    const env = { REDWRIGHT_SERVER: 'my-server', PATH: `${folder}:${process.env.PATH}` }
    const byName = await runNode(reportServer, env).report
    assert.ok(byName.server.description.endsWith(`(${link})`))
  })

  test('is not guessed where the named one is absent', async () => {
    const child = runNode(`await startServer().catch((error) => report(error.message))`, { REDWRIGHT_SERVER: '/no/server' })
    assert.match(await child.report, /^REDWRIGHT_SERVER names the server program '\/no\/server'/)
    await assert.rejects(startServer({ binary: 'no-server' }), /^Error: The option binary names the server program 'no-server'/)
  })
})
