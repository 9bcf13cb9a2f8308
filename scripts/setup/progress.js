'use strict'

const out = process.stderr
const FRAMES = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏']
const FRAME_MS = 100
/** How often a log that nobody can rewrite says that work goes on. */
const HEARTBEAT_MS = 15_000

/**
 * Runs one step of the set-up and shows it: one line that updates itself with the time elapsed and what is going on, or plain lines
 * now and then where the output is not a terminal.
 * @template T
 * @param {string} title such as 'Building the native core'
 * @param {(detail: (text: string) => void) => Promise<T>} work tells its latest news through `detail`
 * @returns {Promise<T>}
 */
async function step(title, work) {
  const started = Date.now()
  const elapsed = () => formatElapsed(Date.now() - started)
  const live = out.isTTY && !process.env.CI
  let news = ''
  let frame = 0

  const draw = () => {
    frame = (frame + 1) % FRAMES.length
    rewrite(`${FRAMES[frame]} ${title}  ${elapsed()}  ${news}`)
  }
  const beat = () => out.write(`  ${title}: ${elapsed()}${news && `, ${news}`}\n`)

  if (!live) out.write(`• ${title} …\n`)
  const timer = live ? setInterval(draw, FRAME_MS) : setInterval(beat, HEARTBEAT_MS)
  const finish = (sign) => {
    clearInterval(timer)
    if (live) rewrite('')
    out.write(`${sign} ${title}  ${elapsed()}\n`)
  }
  try {
    const result = await work((text) => {
      news = text
    })
    finish('✓')
    return result
  } catch (error) {
    finish('✗')
    throw error
  }
}

/** Replaces the current line, cut to the width of the terminal so that it never wraps. */
function rewrite(text) {
  const width = (out.columns || 80) - 1
  out.write(`\r${text.slice(0, width)}\x1b[K`)
}

/** @param {number} ms */
function formatElapsed(ms) {
  const seconds = Math.round(ms / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

module.exports = { step, formatElapsed }
