/** Somebody else's text on one's own terminal: what would move the cursor, or turn words round, is written out. */

/** Control and format characters, and separators that are no `\n`. */
const obeyed = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Keeps tabs and ends of lines. */
export function plainText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(obeyed, (char) =>
      char === '\n' || char === '\t' ? char : `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
    )
}

/** On one line, cut. */
export function plainLine(text: string, charsMax: number): string {
  const line = plainText(text).replaceAll(/[\n\t]/g, ' ')
  return line.length > charsMax ? `${line.slice(0, charsMax - 3)}...` : line
}
