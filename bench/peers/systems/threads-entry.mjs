/** A plain thread: hears `[start, end]`. */
import { parentPort } from 'node:worker_threads'
import { search } from '../work.mjs'

parentPort.on('message', ([start, end]) => parentPort.postMessage(search(start, end)))
