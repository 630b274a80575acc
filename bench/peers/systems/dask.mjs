/** Dask, in Python, tasks grouped by hand by 100. Its hashes are hashlib's. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { genesisHeader } from '../../../dist/tasks/hash-search.js'

const script = fileURLToPath(new URL('./dask-driver.py', import.meta.url))

/** @param {number} [group]  units in a task */
export async function start(group = 100) {
  const child = spawn('/usr/bin/python3', [script], { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = `${said}${text}`.slice(-300)
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`Dask ended: ${said.trim().split('\n').at(-1)}`)
    return JSON.parse(value)
  }
  await answer()
  const ask = (order) => {
    child.stdin.write(`${JSON.stringify(order)}\n`)
    return answer()
  }
  return {
    noop: (units) => ask({ work: 'noop', units, group }),
    search: (units, unitNonces) =>
      ask({ work: 'search', units, unitNonces, header: genesisHeader }),
    stop: () => child.stdin.end(),
  }
}
