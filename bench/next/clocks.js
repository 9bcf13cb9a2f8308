'use strict'

// Put before `next start` by `--require`: writes the clocks of its process to a file, when it is told to.

const { writeFileSync, renameSync } = require('node:fs')
const { readClocks } = require('../clocks')

const file = process.env.BENCH_CLOCKS

process.on('SIGUSR2', () => {
  writeFileSync(`${file}.new`, JSON.stringify(readClocks()))
  renameSync(`${file}.new`, file)
})
