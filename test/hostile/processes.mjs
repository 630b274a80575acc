/** What runs on this machine because of us, as Linux tells; elsewhere nothing is seen. */
import { readdirSync, readFileSync } from 'node:fs'

/** @returns processes below `root`, it not among them: `{ pid, startedAt, command }` */
export function descendantsOf(root) {
  const all = readProcesses()
  const found = []
  const parents = [root]
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop())
    for (const process of all)
      if (process.parent === parent) {
        found.push(process)
        parents.push(process.pid)
      }
  return found
}

/** @returns those of them that are still there; a process of the same number that began later is another one */
export function stillThere(processes) {
  const now = new Map(readProcesses().map((process) => [process.pid, process.startedAt]))
  return processes.filter(({ pid, startedAt }) => now.get(pid) === startedAt)
}

/** @returns what a process has in memory and had at most, bytes; undefined when that cannot be seen */
export function memoryOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const bytes = (name) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
    return { now: bytes('VmRSS'), most: bytes('VmHWM') }
  } catch {
    return undefined
  }
}

function readProcesses() {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => readProcess(Number(name)) ?? [])
  } catch {
    return []
  }
}

function readProcess(pid) {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const close = line.lastIndexOf(')')
    const fields = line.slice(close + 2).split(' ')
    const [state] = fields
    if (state === 'Z') return undefined
    const command = line.slice(line.indexOf('(') + 1, close)
    return { pid, parent: Number(fields[1]), startedAt: fields[19], command }
  } catch {
    return undefined
  }
}
