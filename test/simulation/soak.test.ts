import { describe, expect, test } from '@jest/globals'
import { soak } from '../../coordinator-free-node/sim/soak.js'

describe('random mixes of faults and attackers', () => {
  // `npm run sim:soak -- --seeds 500` runs more of them.
  test.each(Array.from({ length: 30 }, (_, i) => 1_001 + i))(
    'seed %i: every unit has its result, no job hangs, the state stays valid',
    (seed) => {
      const { faults, mix } = soak(seed)
      expect({ mix, faults }).toEqual({ mix, faults: [] })
    },
  )

  // What broke: made-up jobs filled the table of hosted jobs, that of the requester itself, too.
  test.each([285, 318])('a flood of adverts keeps no host from a real job (seed %i)', (seed) => {
    expect(soak(seed).faults).toEqual([])
  })

  // What broke: a host became credible while another's copy was out, which was then lost; nobody judged the unit again.
  test('a unit whose last copy is lost is not forgotten (seed 687)', () => {
    expect(soak(687).faults).toEqual([])
  })
})
