/** Checks which walls stand around the process that runs strangers' units. */
import { entryFile } from '../../shell/executor/sealed-process.js'
import { reportWalls, type WallReport } from '../../shell/executor/walls.js'
import type { Check, Finding } from './check.js'

const BY: Record<'kernel' | 'Node' | 'open', string> = {
  kernel: 'kept away by the kernel',
  Node: "kept away by Node's permissions alone",
  open: 'open to a unit that breaks out of its engine',
}

const HINTS: Record<NonNullable<WallReport['missing']>, string> = {
  bubblewrap:
    'install bubblewrap (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap)',
  'user-namespaces':
    'bubblewrap is here but may not make namespaces: allow them (sysctl kernel.unprivileged_userns_clone=1 or ' +
    'kernel.apparmor_restrict_unprivileged_userns=0; in a container, its seccomp profile)',
  linux: 'only Linux has this wall; elsewhere a virtual machine does as well',
}

/** What a unit that broke out of its engine would be after, by the wall in its way. */
const KINDS = [
  ['your files', 'files'],
  ['the network', 'network'],
  ['other programs', 'processes'],
  ['environment variables', 'environment'],
] as const

export function sandboxChecks(): Check[] {
  const report = () => reportWalls(entryFile())
  return KINDS.map(([what, kind]) => ({
    name: `sandbox, ${what}`,
    essential: false,
    look: () => findingOf(report(), kind),
  }))
}

function findingOf(report: WallReport, kind: (typeof KINDS)[number][1]): Finding {
  const detail = BY[report[kind]]
  if (report.missing === undefined || report[kind] === 'kernel') return { ok: true, detail }
  return { ok: false, detail, hint: HINTS[report.missing] }
}
