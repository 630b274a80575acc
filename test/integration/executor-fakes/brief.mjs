/** Nothing special; of its own name, so that what is left of it can be told from other executors. */
import { speak } from './speaking.mjs'

speak()
