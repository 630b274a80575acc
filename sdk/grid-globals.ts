/** Which globals a kernel finds on the grid, and for the others why not and what to do instead. */

/** Part of the language, the same on every host. */
export const gridGlobals: ReadonlySet<string> = new Set(
  `undefined NaN Infinity Object Array String Number Boolean BigInt Symbol Math JSON Map Set WeakMap WeakSet RegExp
  Reflect Proxy Error EvalError RangeError ReferenceError SyntaxError TypeError URIError AggregateError
  ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array
  BigInt64Array BigUint64Array Float32Array Float64Array parseInt parseFloat isNaN isFinite
  encodeURIComponent decodeURIComponent encodeURI decodeURI`.split(/\s+/),
)

const reasons: readonly [names: string, why: string][] = [
  [
    'Date performance Temporal',
    'clocks differ between hosts, and their results have to agree: read it here and pass it in `params`',
  ],
  [
    'setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate queueMicrotask requestAnimationFrame Promise AbortController AbortSignal',
    'a kernel answers at once: compute without waiting, and set a limit with `unitMsMax`',
  ],
  [
    'fetch XMLHttpRequest WebSocket EventSource Request Response Headers',
    'kernels have no network: fetch it here and hand it over as inputs or `params`',
  ],
  [
    'process require module exports __dirname __filename global Deno Bun',
    'a kernel does not run in Node: read what it needs here and pass it in `params`',
  ],
  ['Buffer', 'a kernel does not run in Node: use Uint8Array'],
  ['console alert', 'nobody would see it: return what you want to know as part of the result'],
  ['crypto', 'hosts have to agree: Math.random() is seeded for each unit, the same everywhere'],
  [
    'TextEncoder TextDecoder URL URLSearchParams atob btoa structuredClone Intl Blob File',
    'it is not part of the language: do it here, or in the kernel by hand',
  ],
  [
    'Worker SharedArrayBuffer Atomics WebAssembly WeakRef FinalizationRegistry',
    'a kernel runs in one thread of a sandbox: for WebAssembly write a task',
  ],
  ['eval Function', 'code cannot be made on the grid: write it out in the kernel'],
  [
    'globalThis window self document navigator localStorage sessionStorage',
    'a kernel has no page and no global object: pass what it needs in `params`',
  ],
]

/** Globals that exist here but not there, with the reason and the way out. */
export const missingGlobals: ReadonlyMap<string, string> = new Map(
  reasons.flatMap(([names, why]) => names.split(' ').map((name) => [name, why] as const)),
)
