/** Its loop never comes back from its first work, as if the engine hung. */
import { speak } from './speaking.mjs'

speak({
  beforeUnit: (unit) => {
    while (unit === 0);
  },
})
