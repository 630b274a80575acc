/**
 * A host's runner with a fault:
 *
 * | fault | the host |
 * | --- | --- |
 * | `{ kind: 'stall' }` | takes leases, renews them, and never answers |
 * | `{ kind: 'lie', share, honestUnits }` | is honest for so many units, then makes up that share of its results |
 */
import { digestOf } from '../../dist/coordinator-free-node/protocol/outcome.js'
import * as real from '../../dist/coordinator-free-node/shell/host-runner.js'

export const { readInputs } = real

export function createHostRunner(options) {
  const fault = JSON.parse(process.env.MANYHANDS_TEST_FAULT)
  if (fault.kind === 'stall') return { execute() {}, cancel() {} }
  const lie = liar(fault)
  return real.createHostRunner({
    ...options,
    dispatch(event) {
      const isOutcome = event.type === 'units-executed'
      options.dispatch(isOutcome ? { ...event, outcomes: event.outcomes.map(lie) } : event)
    },
  })
}

function liar({ share, honestUnits = 0 }) {
  let units = 0
  let luck = 12_345
  return (outcome) => {
    if (outcome.kind === 'abort' || units++ < honestUnits) return outcome
    luck = (luck * 1_103_515_245 + 12_345) % 2 ** 31
    if (luck / 2 ** 31 >= share) return outcome
    const output = outcome.output.slice()
    output[output.length - 1] ^= 0xff
    return { ...outcome, output, digest: digestOf(outcome.kind, output) }
  }
}
