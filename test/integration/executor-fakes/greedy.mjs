/** Announces more bytes than any unit may have. */
import { speak } from './speaking.mjs'

speak({ beforeUnit: () => process.send({ type: 'pong', parcels: [2 ** 30] }) })
