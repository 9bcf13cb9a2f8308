'use strict'

// Written in an old syntax, so that an old Node gets as far as the message.

const OLDEST = 20

if (Number(process.versions.node.split('.')[0]) < OLDEST) {
  console.error(
    'Redwright needs Node.js ' + OLDEST + ' or newer, and this is ' + process.version + '.\n' +
      'Install a current release (with a version manager: nvm install --lts, or fnm install --lts), then run this again.'
  )
  process.exit(1)
}
