/** A function as source that means the same on another machine, or the reason why it cannot. */
import { type AnyNode, parse } from 'acorn'
import { GridError } from '../coordinator-free-node/protocol/errors.js'
import { type FreeName, freeNames } from './free-names.js'
import { gridGlobals, missingGlobals } from './grid-globals.js'

export interface KernelSource {
  /** What its author called it; empty for an anonymous one. */
  name: string
  /** An expression whose value is the function. */
  source: string
}

/** Compilers (esbuild, tsx) put calls of it around nested functions; the bundle brings its own. */
export const nameShim = '__name'

/**
 * Reads a function back from its source and checks that it can travel.
 *
 * @param fn  what the user gave
 * @param role  how errors call it: `kernel`, `combine`
 * @throws {GridError} MH_NOT_A_FUNCTION for what has no portable source (classes, bound, native, async functions,
 *   generators); MH_CAPTURED_VARIABLE naming everything it takes from outside
 * @example kernelSource((n) => n * n, 'kernel') // => { name: '', source: '((n) => n * n)' }
 */
export function kernelSource(fn: unknown, role: string): KernelSource {
  if (typeof fn !== 'function') {
    throw notAFunction(`${role} is ${describe(fn)}, not a function`, 'give a function of one item')
  }
  const text = Function.prototype.toString.call(fn)
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) throw nativeError(fn.name, role)
  const { node, source } = parseFunction(text, role)
  const isAsync = 'async' in node && node.async === true
  const isGenerator = 'generator' in node && node.generator === true
  if (isAsync || isGenerator) {
    throw notAFunction(
      `${role} is ${isAsync ? 'an async function' : 'a generator'}; on the grid a kernel answers at once`,
      'return the value itself; what has to be waited for is done before, and handed over as inputs or `params`',
    )
  }
  refuseCaptured(freeNames(node), text, role, fn.name)
  return { name: fn.name, source }
}

/** Parses functions as they stand, and methods by putting an object around them. */
function parseFunction(text: string, role: string): { node: AnyNode; source: string } {
  const plain = parseExpression(`(${text}\n)`)
  if (plain !== undefined) {
    if (plain.type === 'ClassExpression') {
      throw notAFunction(
        `${role} is a class`,
        'give a function that makes what you need: (item) => ...',
      )
    }
    if (/Function/.test(plain.type)) return { node: plain, source: `(${text}\n)` }
  }
  const object = parseExpression(`({${text}\n})`)
  const member = object?.type === 'ObjectExpression' ? object.properties[0] : undefined
  if (member?.type === 'Property' && member.kind === 'init' && !member.computed) {
    return { node: member.value, source: `Object.values({${text}\n})[0]` }
  }
  throw notAFunction(
    `${role} has source that cannot stand alone: ${text.slice(0, 60)}`,
    'write it as (item) => ...',
  )
}

function parseExpression(text: string): AnyNode | undefined {
  try {
    const program = parse(text, { ecmaVersion: 'latest', sourceType: 'module' })
    const statement = program.body[0]
    return statement?.type === 'ExpressionStatement' ? statement.expression : undefined
  } catch {
    return undefined
  }
}

function refuseCaptured(
  names: readonly FreeName[],
  text: string,
  role: string,
  ownName: string,
): void {
  const captured: string[] = []
  const missing: string[] = []
  for (const { name, start, onlyTypeof } of names) {
    if (name === nameShim || gridGlobals.has(name)) continue
    const why = missingGlobals.get(name)
    if (why !== undefined && onlyTypeof) continue
    if (why === undefined) captured.push(`${name} (${lineOf(text, start)})`)
    else missing.push(`${name} is not available on the grid, as ${why}`)
  }
  if (captured.length === 0 && missing.length === 0) return
  const sentences = [
    ...(captured.length > 0
      ? [`${role} uses what is defined outside of it: ${captured.join(', ')}`]
      : []),
    ...missing,
  ]
  const isRecursive = names.some(({ name }) => name === ownName)
  throw new GridError('MH_CAPTURED_VARIABLE', sentences.join('; '), {
    blame: 'user',
    hint: isRecursive
      ? `a function that calls itself needs its name inside: function ${ownName}(item) { ... }`
      : 'functions travel as source: define what they need inside, or pass it with { params }, the second argument',
  })
}

function lineOf(text: string, start: number): string {
  // One character, a parenthesis or brace, stands before the source.
  return `line ${text.slice(0, Math.max(0, start - 1)).split('\n').length}`
}

function nativeError(name: string, role: string): GridError {
  if (name.startsWith('bound ')) {
    return notAFunction(
      `${role} is a bound function (${name}), whose source and bound values are hidden`,
      'give the function itself, and what it was bound to with { params }',
    )
  }
  return notAFunction(
    `${role} is the native function ${name}, which has no source`,
    `put a function around it: (item) => ${name || 'f'}(item)`,
  )
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function notAFunction(message: string, hint: string): GridError {
  return new GridError('MH_NOT_A_FUNCTION', message, { blame: 'user', hint })
}
