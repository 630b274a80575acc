/** What the system knows of a process and of those below it: behind a wall the executor's is a child of the wall's. */
import { readFileSync } from 'node:fs'

/** Ticks of the system's clock a second, on every Linux that Node runs on. */
const ticksPerSecond = 100

/** @returns a process and all below it */
export function treeOf(pid) {
  const children = read(pid, `task/${pid}/children`).split(' ').filter(Boolean)
  return [Number(pid), ...children.flatMap(treeOf)]
}

/** @returns resident memory in MiB; undefined where there is no /proc */
export function residentMib(pid) {
  const kib = sum(pid, residentKib)
  return kib === 0 ? undefined : kib / 1024
}

/** @returns the same without the processes below it */
export function ownResidentMib(pid) {
  return residentKib(pid) / 1024
}

/** @returns milliseconds of processor time so far, in steps of 10; undefined where there is no /proc */
export function processorMs(pid) {
  const ticks = sum(pid, (id) => {
    // The name before the last parenthesis may hold anything.
    const fields = read(id, 'stat').split(') ').at(-1)?.split(' ') ?? []
    // Its own time and that of children that have ended.
    return fields.slice(11, 15).reduce((total, field) => total + Number(field), 0)
  })
  return ticks === 0 ? undefined : (ticks * 1000) / ticksPerSecond
}

function residentKib(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(read(pid, 'status'))?.[1] ?? 0)
}

function sum(pid, count) {
  return treeOf(pid).reduce((total, id) => total + count(id), 0)
}

function read(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}
