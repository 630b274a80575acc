/**
 * How a unit ended, as one text: what verdicts are written in.
 *
 * | text | means |
 * | --- | --- |
 * | `done`, `hit` | it has a result |
 * | `trap: WORDS` | it failed; without the place in the source that follows the words |
 * | `refused: WORDS` | the guard did not let the module in; without the byte that follows the words |
 * | `abort REASON` | no vote, for a reason of protocol/outcome |
 *
 * A verdict may name the result, too (`done: 42`), or the byte (`refused: unexpected end, at byte 9`).
 */
const place = /\n {4}at kernel\.js:\d+:\d+[^\n]*$/
const byte = /, at byte \d+$/

/** @returns the outcome in these words; its result is not among them */
export function wordsOf(outcome) {
  if (outcome.kind === 'abort') return `abort ${outcome.reason}`
  if (outcome.kind !== 'trap') return outcome.kind
  const text = textOf(outcome)
  return byte.test(text) ? `refused: ${text.replace(byte, '')}` : `trap: ${text.replace(place, '')}`
}

/** @returns all that there is to say */
export function storyOf(outcome) {
  if (outcome.kind === 'abort') return `${wordsOf(outcome)}: ${outcome.message}`
  if (outcome.kind === 'trap') return `trap: ${textOf(outcome)}`
  const { length } = outcome.output
  return `${outcome.kind}: ${length > 100 ? `${length} bytes` : textOf(outcome)}`
}

/** @returns whether it is what was declared, to the letter */
export function isVerdict(verdict, outcome) {
  const words = wordsOf(outcome)
  if (words === verdict) return true
  if (words.startsWith('refused: ')) return verdict === `refused: ${textOf(outcome)}`
  return 'output' in outcome && verdict === `${words}: ${textOf(outcome)}`
}

function textOf({ output }) {
  return new TextDecoder().decode(output)
}
