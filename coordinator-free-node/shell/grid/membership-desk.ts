/** The private grid at the door: who shows a membership that holds, and is not revoked, comes in. */
import type { EventBody } from '../../core/event.js'
import { revokedIn } from '../../core/membership/members.js'
import type { NodeState } from '../../core/state.js'
import type { CredentialsDesk } from '../overlay/credentials.js'
import type { PrivateGrid } from './private-grid.js'

/** @param dispatch  told of members before they are neighbours */
export function membershipDesk(
  grid: PrivateGrid,
  state: NodeState,
  dispatch: (event: EventBody) => void,
): CredentialsDesk {
  return {
    own: () => ({ membership: grid.shown }),
    judge(peer, { membership }) {
      const examined = grid.examine(peer, membership, Date.now())
      if ('fault' in examined) return examined.fault
      if (revokedIn(state.members, examined.record.lineage) !== undefined)
        return 'its membership of the grid was revoked'
      dispatch({ type: 'member-seen', ...examined })
      return undefined
    },
  }
}
