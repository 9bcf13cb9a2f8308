'use strict'

const { fork } = require('node:child_process')
const path = require('node:path')

const PATIENCE_MS = 60_000
const GRACE_MS = 3_000

/** The parent's hold on the process of one contender. */
class Racer {
  /** `program` is what the process runs: a row, where nobody says. */
  static async start(name, settings, program = 'child.js') {
    const racer = new Racer(name, program)
    try {
      await racer.ask('open', { name, ...settings })
      return racer
    } catch (error) {
      await racer.stop()
      throw error
    }
  }

  constructor(name, program) {
    this.name = name
    this.process = fork(path.join(__dirname, program), { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.complaints = ''
    this.process.stderr.on('data', (chunk) => (this.complaints = (this.complaints + chunk).slice(-2_000)))
    this.ended = new Promise((resolve) => this.process.once('exit', resolve))
  }

  /** One deed at a time. One that takes too long ends the process, and so does every later one. */
  ask(deed, settings, patienceMs = PATIENCE_MS) {
    return new Promise((resolve, reject) => {
      if (!this.process.connected) return reject(new Error(this.#obituary()))
      const timer = setTimeout(() => this.process.kill('SIGKILL'), patienceMs)
      const settle = (act) => {
        clearTimeout(timer)
        this.process.off('message', onMessage)
        this.process.off('exit', onExit)
        act()
      }
      const onMessage = ({ result, error }) => settle(() => (error === undefined ? resolve(result) : reject(new Error(error))))
      const onExit = () => settle(() => reject(new Error(this.#obituary())))
      this.process.once('message', onMessage)
      this.process.once('exit', onExit)
      this.process.send({ deed, settings })
    })
  }

  #obituary() {
    const { exitCode, signalCode } = this.process
    return `its process ended (${signalCode ?? exitCode}): ${this.complaints.trim().split('\n').pop() || 'without a word'}`
  }

  /** Lets it close its client, and ends it if it does not within the grace. */
  async stop() {
    if (this.process.connected) this.process.send({ deed: 'close' })
    const timer = setTimeout(() => this.process.kill('SIGKILL'), GRACE_MS)
    await this.ended
    clearTimeout(timer)
  }
}

module.exports = { Racer }
