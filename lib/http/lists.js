'use strict'

// Fields that are lists of what a client accepts, each with a weight (RFC 9110 12.4.2).

/** Longer fields than any client sends; what is longer is not read. */
const LONGEST = 1024
const MEMBER = /[ \t]*(?:([\w!#$%&'*+.^`|~-]+)[ \t]*(?:;[ \t]*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*)?)?(?:,|$)/y

/**
 * Its members, in lower case; `null` for what is no such list.
 * @param {string} field
 * @returns {{ name: string, weight: number }[] | null}
 */
function weighted(field) {
  if (field.length > LONGEST) return null
  const members = []
  MEMBER.lastIndex = 0
  while (MEMBER.lastIndex < field.length) {
    const found = MEMBER.exec(field)
    if (found === null) return null
    const [, name, weight] = found
    if (name !== undefined) members.push({ name: name.toLowerCase(), weight: weight === undefined ? 1 : Number(weight) })
  }
  return members
}

module.exports = { weighted }
