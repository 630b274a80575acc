/** Where in the user's own source an error comes from, whatever engine it was thrown in. */
import { kernelOpening } from '../../../tasks/js-kernel.js'
import { kernelFile } from './js-prelude.js'

const stackPlace = new RegExp(`(?<![\\w./-])${kernelFile.replace('.', '\\.')}:(\\d+):(\\d+)`)
const excerptCharsMax = 80

/** The innermost place in the user's own source, and what stands there; empty when the stack does not tell. */
export function placeOf(source: string, stack: string): string {
  const [place, lineText, columnText] = stackPlace.exec(stack) ?? []
  if (place === undefined) return ''
  const line = Number(lineText)
  const whole = lineOf(source, line)
  const opening = line === 1 && whole.startsWith(kernelOpening) ? kernelOpening.length : 0
  const column = Math.max(1, Number(columnText) - opening)
  const excerpt = excerptOf(whole.slice(opening).trimEnd(), column)
  return `\n    at ${kernelFile}:${line}:${column}${excerpt === '' ? '' : `: ${excerpt}`}`
}

/** Without taking the whole apart: a source may have as many lines as bytes. */
function lineOf(source: string, line: number): string {
  let from = 0
  for (let before = 1; before < line; before++) {
    const end = source.indexOf('\n', from)
    if (end < 0) return ''
    from = end + 1
  }
  const end = source.indexOf('\n', from)
  return source.slice(from, end < 0 ? undefined : end)
}

/** Of a long line the part around the column: enough before it to see what is meant. */
function excerptOf(line: string, column: number): string {
  if (line.trim().length <= excerptCharsMax) return line.trim()
  const from = Math.max(0, column - excerptCharsMax / 2)
  const end = from + excerptCharsMax
  return `${from > 0 ? '...' : ''}${line.slice(from, end).trim()}${end < line.length ? '...' : ''}`
}
