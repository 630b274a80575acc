/** Dies whenever it is given work. */
import { speak } from './speaking.mjs'

speak({ beforeUnit: () => process.kill(process.pid, 'SIGKILL') })
