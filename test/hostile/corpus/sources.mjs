/** Sources of `js` tasks that are deep, long or odd: the parser's turn, before any line of them runs. */
import { family, outOfMemory, outOfTime } from './unit.mjs'

const { units, js } = family('sources')
export const sources = units

const tooDeep = 'trap: SyntaxError: stack overflow'
/** What is repeated, what it begins and ends around, and how often. */
const deep = {
  conditions: ['0 ? 1 : ', '2', '', 1e5],
  'conditions in conditions': ['1 ? ', '2', ' : 3', 5e4],
  powers: ['1 ** ', '2', '', 1e5],
  'a word before a word': ['typeof ', '2', '', 1e5],
  constructors: ['new ', 'Object', '', 1e5],
  'functions in parentheses': ['() => (', '1', ')', 2e4],
  classes: ['class { a = ', '1', '}', 2e4],
  'functions in functions': ['(function () { return ', '1', '})', 2e4],
}
for (const [name, [open, within, close, times]] of Object.entries(deep))
  js(
    `deep ${name}`,
    tooDeep,
    `() => ({ value: ${open.repeat(times)}${within}${close.repeat(times)} })`,
  )

const statements = {
  'else, if': `${'if (0) {} else '.repeat(1e5)} {}`,
  'while, while': `${'while (0) '.repeat(1e5)} ;`,
  'try, try': `${'try {'.repeat(1e4)}${'} finally {}'.repeat(1e4)}`,
  labels: `${Array.from({ length: 1e4 }, (_, i) => `l${i}:`).join('')} {}`,
  assignments: `let a; ${'a = '.repeat(1e5)} 1`,
}
for (const [name, body] of Object.entries(statements))
  js(`deep ${name}`, tooDeep, `() => { ${body}; return { value: 1 } }`)

const many = (count, text) => Array.from({ length: count }, (_, i) => text(i)).join('')
const dollar = '$' + '{1}'
const flat = {
  sums: ['done: 100002', `() => ({ value: ${'1 + '.repeat(1e5)}2 })`],
  commas: ['done: 2', `() => ({ value: (${'1, '.repeat(1e5)}2) })`],
  members: [
    'done: true',
    `() => { const a = {}; a.a = a; return { value: a${'.a'.repeat(2e5)} === a } }`,
  ],
  calls: [
    'done: true',
    `() => { const f = () => f; return { value: f${'()'.repeat(1e5)} === f } }`,
  ],
  cases: [
    'done: 1',
    `() => { switch (5) { ${many(1e5, (i) => `case ${i}:`)} return { value: 1 } } }`,
  ],
  constants: ['done: 70000', `() => ({ value: [${many(7e4, (i) => `'s${i}',`)}].length })`],
  'regular expressions': ['done: 20000', `() => ({ value: [${'/a/,'.repeat(2e4)}].length })`],
  arguments: [
    'trap: SyntaxError: Too many call arguments',
    `() => ({ value: Math.max(${'1,'.repeat(7e4)}1) })`,
  ],
  parameters: [
    'trap: InternalError: too many arguments',
    `(${many(7e4, (i) => `v${i},`)}) => ({ value: 1 })`,
  ],
  fields: [
    'trap: InternalError: stack overflow',
    `() => ({ value: new (class { ${many(2e4, (i) => `p${i} = ${i};`)} })().p1 })`,
  ],
  'parts of a template': [
    'trap: InternalError: stack overflow',
    `() => ({ value: ((s) => s.raw.length)\`${dollar.repeat(5e4)}\` })`,
  ],
  functions: [outOfMemory, `() => ({ value: [${'() => 1,'.repeat(1e5)}].length })`],
  items: [outOfMemory, `() => ({ value: [${'1,'.repeat(1e6)}].length })`],
  // The engine looks each new name up among all the others.
  variables: [outOfTime, `() => { ${many(7e4, (i) => `let v${i} = ${i};`)} return { value: 1 } }`],
  'private names': [outOfTime, `() => ({ value: class { ${many(2e4, (i) => `#p${i};`)} }.name })`],
}
for (const [name, [verdict, source]] of Object.entries(flat)) js(`many ${name}`, verdict, source)

const long = {
  'a string of 10 MB': [outOfMemory, `() => ({ value: '${'x'.repeat(1e7)}'.length })`],
  'a name of 10 MB': [outOfMemory, `() => { let ${'x'.repeat(1e7)} = 1; return { value: 1 } }`],
  'a number of 10 MB': [outOfMemory, `() => ({ value: ${'1'.repeat(1e7)} })`],
  'a comment of 15 MB': ['done: 1', `/*${'x'.repeat(15e6)}*/ () => ({ value: 1 })`],
  'a fault at line fifteen million': [
    "trap: ReferenceError: 'x' is not defined",
    `${'\n'.repeat(15e6)}() => ({ value: x })`,
  ],
}
for (const [name, [verdict, source]] of Object.entries(long)) js(name, verdict, source)

const odd = {
  'no source': ['trap: the source of a kernel must evaluate to a function, not to undefined', ''],
  'a module': [
    "trap: SyntaxError: expecting '('",
    'import fs from "node:fs"; () => ({ value: 1 })',
  ],
  'waiting at the top': ["trap: SyntaxError: expecting ';'", 'await 1'],
  'what the web calls a comment': ['done: 1', '<!-- x\n() => ({ value: 1 })'],
  'a first line for shells': ['done: 1', '#!/usr/bin/env node\n() => ({ value: 1 })'],
  'a mark of byte order': ['done: 1', '\uFEFF() => ({ value: 1 })'],
  'a zero in a string': ['done: "\\u0000"', '() => ({ value: "\0" })'],
  'half a character': ['done: "\\ud800"', '() => ({ value: "\\ud800" })'],
  'half a character as a key': ['done: {"\\ud800":1}', '() => ({ value: { "\\ud800": 1 } })'],
}
for (const [name, [verdict, source]] of Object.entries(odd)) js(name, verdict, source)
