/** Text that comes in pieces, as the lines that it is. */

/** A line without an end is cut, so that a program cannot hoard. */
const lineCharsMax = 4_000

/** Control characters could move the cursor of whoever looks at it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

export class LogLines {
  readonly #decoder = new TextDecoder()
  readonly #say: (line: string) => void
  #rest = ''

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  /** @param piece  UTF-8; may end within a character */
  add(piece: Uint8Array): void {
    this.#take(this.#decoder.decode(piece, { stream: true }))
  }

  /** What is left is a line, too. */
  end(): void {
    this.#take(this.#decoder.decode())
    if (this.#rest !== '') this.#say(this.#rest)
    this.#rest = ''
  }

  #take(text: string): void {
    const lines = (this.#rest + text.replace(unseen, '')).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#say(line)
    if (this.#rest.length <= lineCharsMax) return
    this.#say(this.#rest)
    this.#rest = ''
  }
}
