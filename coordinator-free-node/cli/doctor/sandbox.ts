/** Checks which walls stand around the process that runs strangers' units. */
import { entryFile } from '../../shell/executor/fork.js'
import { reportWalls, type WallReport } from '../../shell/executor/walls.js'
import type { Check, Finding } from './check.js'

const HINT =
  process.platform === 'linux'
    ? 'install bubblewrap, and allow user namespaces where they are off'
    : 'only Linux has such walls; elsewhere Node keeps strangers from files, not from the network'

const BY: Record<string, string> = {
  kernel: 'kept away by the kernel',
  Node: "kept away by Node's permissions alone",
  open: 'open to a unit that breaks out of its engine',
}

export function sandboxChecks(): Check[] {
  const report = () => reportWalls(entryFile())
  const check = (what: string, kind: keyof Omit<WallReport, 'outer' | 'environment'>): Check => ({
    name: `sandbox, ${what}`,
    essential: false,
    look: () => findingOf(report()[kind]),
  })
  return [
    check('your files', 'files'),
    check('the network', 'network'),
    check('other programs', 'processes'),
  ]
}

function findingOf(by: string): Finding {
  const detail = BY[by] ?? by
  return by === 'kernel' ? { ok: true, detail } : { ok: false, detail, hint: HINT }
}
