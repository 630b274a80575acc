/** Says what a process says that a unit has taken over: a message of its caller's choice instead of a result. */
import { speak } from './speaking.mjs'

const nonsense = [
  null,
  7,
  'results',
  {},
  { type: 'constructor' },
  { type: 'results', chunk: 1 },
  { type: 'results', chunk: 1, results: null },
  { type: 'results', chunk: 1, results: { units: [0] } },
  { type: 'results', chunk: 'x', results: columns() },
  { type: 'results', chunk: 1, results: columns({ units: [-1] }) },
  { type: 'results', chunk: 1, results: columns({ kinds: Uint8Array.of(3) }) },
  { type: 'results', chunk: 1, results: columns({ digests: new Uint8Array(31) }) },
  { type: 'results', chunk: 1, results: columns({ outputs: 'abc' }) },
  { type: 'results', chunk: 1, results: columns({ outputBytes: [] }) },
  { type: 'results', chunk: 1, results: columns({ spentMs: [Number.NaN] }) },
  { type: 'results', chunk: 1, results: columns({ fuel: [1.5] }) },
  { type: 'results', chunk: 1, results: columns(), parcels: 'all' },
  { type: 'results', chunk: 1, results: columns(), parcels: [{}] },
  { type: 'abort', chunk: 1, unit: 0, reason: 'spite', message: '' },
  { type: 'abort', chunk: 1, unit: 0, reason: 'time' },
  { type: 'unprepared', chunk: 1, reason: 'time', message: 1 },
  { type: 'end', chunk: 1, stop: 1 },
  { type: 'observed', chunk: 1, unit: 0, log: 'text' },
]

speak({ beforeUnit: (unit) => process.send(nonsense[unit]) })

function columns(change = {}) {
  return {
    units: [0],
    kinds: new Uint8Array(1),
    digests: new Uint8Array(32),
    outputs: new Uint8Array(),
    outputBytes: [0],
    spentMs: [1],
    fuel: [0],
    ...change,
  }
}
