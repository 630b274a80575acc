/**
 * Somebody else's text on one's own terminal. Names of jobs, reasons, results and sources come from strangers: what would
 * move the cursor, or turn words round, is written out.
 */

/** Control and format characters, and separators that are no `\n`. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
/** Of those, the ones that a terminal obeys; others join letters, as many languages need. */
const obeyed = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
/** Colours as this command itself prints results in. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
const colour = /(\u001b\[(?:1|22|3|23|4|24|3[0-9]|90)m)/

/** For what people read closely: nothing stays unseen. Keeps tabs and ends of lines. */
export function plainText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(unseen, writtenOut)
}

/** On one line, cut. */
export function plainLine(text: string, charsMax: number): string {
  const line = plainText(text).replaceAll(/[\n\t]/g, ' ')
  return line.length > charsMax ? `${line.slice(0, charsMax - 3)}...` : line
}

/** For whatever a terminal shows: it obeys nothing of it but colours. */
export function harmlessText(text: string): string {
  return text
    .split(colour)
    .map((piece, at) => (at % 2 === 1 ? piece : piece.replace(obeyed, writtenOut)))
    .join('')
}

function writtenOut(char: string): string {
  if (char === '\n' || char === '\t') return char
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`
}
