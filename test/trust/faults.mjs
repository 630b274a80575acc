/**
 * Makes a node of the built command faulty: `node --import ./faults.mjs main.js node ...` with the fault as JSON in
 * MANYHANDS_TEST_FAULT. What hands units to the executor is replaced; the product knows nothing of it.
 */
import { register } from 'node:module'

register('./redirect.mjs', import.meta.url)
