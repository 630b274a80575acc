/** What the system knows of a process and of those below it: behind a wall the executor's is a child of the wall's. */
import { readFileSync } from 'node:fs'

/** Ticks of the system's clock a second, on every Linux that Node runs on. */
const ticksPerSecond = 100

/** @returns resident memory in MiB; undefined where there is no /proc */
export function residentMib(pid) {
  const kib = sum(pid, (id) => Number(/VmRSS:\s+(\d+)/.exec(read(id, 'status'))?.[1] ?? 0))
  return kib === 0 ? undefined : kib / 1024
}

/** @returns milliseconds of processor time so far, in steps of 10; undefined where there is no /proc */
export function processorMs(pid) {
  const ticks = sum(pid, (id) => {
    // The name before the last parenthesis may hold anything.
    const fields = read(id, 'stat').split(') ').at(-1)?.split(' ') ?? []
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
  })
  return ticks === 0 ? undefined : (ticks * 1000) / ticksPerSecond
}

function sum(pid, count) {
  const children = read(pid, `task/${pid}/children`).split(' ').filter(Boolean)
  return children.reduce((total, child) => total + sum(child, count), count(pid))
}

function read(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}
