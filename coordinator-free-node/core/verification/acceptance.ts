/** What a job's rule of acceptance asks of a unit's votes. */
import type { Manifest } from '../../protocol/manifest.js'

/** Hosts that must agree. */
export function quorumOf({ acceptance }: Manifest): number {
  return acceptance.rule === 'quorum' ? acceptance.quorum : 2
}
