/** Bytes as a person can look at them: text where they are text, else hexadecimal digits. */

const charsMax = 10_000
const hexBytesMax = 256
const hexBytesPerLine = 16

/** The text that the bytes are; undefined for what is no UTF-8 or holds control characters. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

export function previewOf(bytes: Uint8Array): string {
  const text = textOf(bytes)
  const shown = text === undefined ? hexOf(bytes) : text.slice(0, charsMax).replace(/\n$/, '')
  const isCut = text === undefined ? bytes.length > hexBytesMax : text.length > charsMax
  return isCut ? `${shown}\n... ${bytes.length} bytes in all; --output FILE keeps them` : shown
}

/** `000010  68 65 6c 6c 6f  hello`, a line for 16 bytes. */
function hexOf(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, hexBytesMax); at += hexBytesPerLine) {
    const row = [...bytes.subarray(at, Math.min(at + hexBytesPerLine, hexBytesMax))]
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const seen = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.'))
    const place = at.toString(16).padStart(6, '0')
    lines.push(`${place}  ${hex.padEnd(3 * hexBytesPerLine - 1)}  ${seen.join('')}`)
  }
  return lines.join('\n')
}
