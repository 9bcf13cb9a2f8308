'use strict'

// The tags of the tagged rows: 100 are in use, as in an application that tags by tenant or by category.

const IN_USE = 100

const names = Array.from({ length: IN_USE }, (_, i) => `tag-${String(i).padStart(2, '0')}`)
// Made once, so that no operation pays for them.
const single = names.map((name) => [name])
const threes = names.map((name, i) => [name, names[(i + 1) % IN_USE], names[(i + 2) % IN_USE]])

const tagOf = (i) => names[i % IN_USE]
const oneTag = (i) => single[i % IN_USE]
const threeTags = (i) => threes[i % IN_USE]

module.exports = { oneTag, tagOf, threeTags }
