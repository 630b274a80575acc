/** What JavaScript source says of itself, read as text. */
import { type Node, parse } from 'acorn'

export interface SourceFacts {
  lines: number
  /** An ES module, which `run` takes; what travels is a script. */
  isModule: boolean
  /** Why it does not parse, which every host finds as well. */
  fault: string | undefined
  /** It evaluates to `{ run, check }`, by the looks of it. */
  hasCheck: boolean
}

/** Above it nobody reads the source, and parsing it costs seconds. */
const parsedCharsMax = 2 * 1024 * 1024

export function sourceFacts(source: string): SourceFacts {
  const lines = source.split('\n').length
  if (source.length > parsedCharsMax)
    return { lines, isModule: false, fault: undefined, hasCheck: false }
  const script = tryParse(source, 'script')
  if (typeof script !== 'string')
    return { lines, isModule: false, fault: undefined, hasCheck: hasCheckBeside(script) }
  const isModule = typeof tryParse(source, 'module') !== 'string'
  return { lines, isModule, fault: isModule ? undefined : script, hasCheck: false }
}

function tryParse(source: string, sourceType: 'script' | 'module'): Node | string {
  try {
    return parse(source, { ecmaVersion: 'latest', sourceType })
  } catch (error) {
    // A source nested so deep that the parser's stack ends is a RangeError.
    return error instanceof Error ? error.message : String(error)
  }
}

/** An object with both `run` and `check`, anywhere. */
function hasCheckBeside(root: Node): boolean {
  const left: unknown[] = [root]
  while (left.length > 0) {
    const node = left.pop()
    if (typeof node !== 'object' || node === null) continue
    if (keysOf(node).has('run') && keysOf(node).has('check')) return true
    left.push(...Object.values(node))
  }
  return false
}

function keysOf(node: object): Set<string> {
  const keys = new Set<string>()
  if (!('type' in node) || node.type !== 'ObjectExpression' || !('properties' in node)) return keys
  for (const property of node.properties as { key?: { name?: string; value?: unknown } }[])
    keys.add(property.key?.name ?? String(property.key?.value))
  return keys
}
