/**
 * Every suite of the bench: what it is for, and the file that measures it, read only when it is asked for.
 *
 * A suite's `measure` takes `{ rounds, quick, only, progress }` and gives one table or several: `{ title, rows, remarks? }`.
 * `quick` means: as little as shows that it works. `only` are the parts that the user named; `parts` lists them.
 * `rounds` is how often each measurement is taken when the user does not say.
 */

/**
 * @typedef {object} Row
 * @property {string} measure
 * @property {number} value
 * @property {string} [unit]  none for a ratio
 * @property {number} [goal]
 * @property {'less' | 'more'} better
 * @property {number} [spread]  as a share of the value
 * @property {number} [cpuMs]  processor time, where that differs
 * @property {string} [note]
 */

/** @typedef {{ title: string, rows: Row[], remarks?: string[], part?: string }} Table  `part` is what `--only` takes */

export const suites = {
  core: {
    summary: "the steward's decisions: cost of a unit at 10, 1,000 and 10,000 hosts",
    measure: async (options) => (await import('./suites/core.mjs')).measureCore(options),
  },
  codec: {
    summary: 'messages to bytes and back, with their seals',
    measure: async (options) => (await import('./suites/codec.mjs')).measureCodec(options),
  },
  overlay: {
    summary: 'two nodes over loopback: messages a second, processor time a message, bulk',
    measure: async (options) => (await import('./suites/overlay.mjs')).measureOverlay(options),
  },
  'executor-speed': {
    summary: "strangers' code beside plain JavaScript and native programs",
    measure: async (options) => (await import('./suites/executor-speed.mjs')).measureSpeed(options),
  },
  'executor-units': {
    summary: 'what a unit costs beside its own work',
    measure: async (options) => (await import('./suites/executor-units.mjs')).measureUnits(options),
  },
  'executor-bytes': {
    summary: '64 MiB into a unit and out of it',
    measure: async (options) => (await import('./suites/executor-bytes.mjs')).measureBytes(options),
  },
  grid: {
    rounds: 5,
    summary: 'the whole: a requester and hosts as processes over loopback, beside plain threads',
    parts: async () => (await import('./suites/grid.mjs')).parts,
    measure: async (options) => (await import('./suites/grid.mjs')).measureGrid(options),
  },
  peers: {
    rounds: 5,
    summary: 'the same work on other systems: node bench/peers/install.mjs gets them',
    parts: async () => (await import('./suites/peers.mjs')).parts,
    measure: async (options) => (await import('./suites/peers.mjs')).measurePeers(options),
  },
  scale: {
    summary: 'one requester and up to 10,000 hosts, simulated',
    parts: async () => (await import('./suites/scale.mjs')).parts,
    measure: async (options) => (await import('./suites/scale.mjs')).measureScale(options),
  },
}

/** @param {string} name  a suite, or what the names of several have in common: executor */
export function suitesNamed(name) {
  const found = Object.keys(suites).filter((suite) => `${suite}-`.startsWith(`${name}-`))
  if (found.length === 0) throw new Error(`there is no suite "${name}"`)
  return found
}
