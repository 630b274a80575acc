/** Dies when it comes to unit 70 or 71, before any result of the chunk is out. */
import { speak } from './speaking.mjs'

speak({
  beforeUnit: (unit) => {
    if (unit === 70 || unit === 71) process.kill(process.pid, 'SIGKILL')
  },
})
