import { describe, expect, test } from '@jest/globals'
import { createTerminal } from '../../../coordinator-free-node/cli/terminal.js'

/** A stream that remembers. */
function stream(isTTY: boolean) {
  const heard: string[] = []
  const write = (text: string) => heard.push(text) > 0
  return { heard, stream: { isTTY, columns: 80, write } as unknown as NodeJS.WriteStream }
}

describe('a terminal', () => {
  test('obeys nothing that a stranger wrote: not in results, remarks or the live line', () => {
    const out = stream(true)
    const err = stream(true)
    const terminal = createTerminal(out.stream, err.stream)
    terminal.print('a job named \u001b[2J\u001b]0;owned\u0007 \u202eevil\nand a \ttab')
    terminal.say('because \u001b[1A\r')
    terminal.live('7 % \u001b[5n')
    expect(out.heard).toEqual([
      'a job named \\u{1b}[2J\\u{1b}]0;owned\\u{7} \\u{202e}evil\nand a \ttab\n',
    ])
    expect(err.heard).toEqual(['because \\u{1b}[1A\\u{d}\n', '7 % \\u{1b}[5n'])
  })

  test('shows colours of results, but hides no text behind one', () => {
    const out = stream(true)
    createTerminal(out.stream, stream(true).stream).print('\u001b[32m1\u001b[39m \u001b[8mhidden')
    expect(out.heard).toEqual(['\u001b[32m1\u001b[39m \\u{1b}[8mhidden\n'])
  })

  test('leaves letters alone that other languages join', () => {
    const out = stream(true)
    const text = 'می\u200cخواهم 👨\u200d👩\u200d👧'
    createTerminal(out.stream, stream(true).stream).print(text)
    expect(out.heard).toEqual([`${text}\n`])
  })

  test('passes results on to a file or pipe as they are', () => {
    const out = stream(false)
    createTerminal(out.stream, stream(false).stream).print('a\u001b[2Jb')
    expect(out.heard).toEqual(['a\u001b[2Jb\n'])
  })
})
