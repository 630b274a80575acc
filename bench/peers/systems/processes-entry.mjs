/** A plain process: hears `[start, end]`. */
import { search } from '../work.mjs'

process.on('message', ([start, end]) => process.send(search(start, end)))
