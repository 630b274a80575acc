/** The trail of a job as the store keeps it: see core/step/trail. */
import { z } from 'zod'
import type { Store } from '../ports/store.js'
import { decode } from '../protocol/codec.js'
import { type TrailEvent, trailKinds } from '../protocol/gateway-api.js'
import { type JobId, peerIdSchema } from '../protocol/ids.js'
import { hex, under, unitDigits } from './store-keys.js'

const count = z.number().int().min(0)
const trailEventSchema = z.object({
  index: count,
  kind: z.enum(trailKinds),
  atMs: z.number(),
  units: count.optional(),
  total: count.optional(),
  peers: z.array(peerIdSchema).optional(),
  count: count.optional(),
  text: z.string().optional(),
})

/** Events from an index on, oldest first. */
export async function* readTrail(
  store: Store,
  job: JobId,
  from: number,
): AsyncGenerator<TrailEvent, void, void> {
  const range = { ...under(`trail/${job}`), from: `trail/${job}/${hex(from, unitDigits)}` }
  for await (const [, value] of store.scan(range))
    yield decode(value, trailEventSchema, 'an event of a job')
}
