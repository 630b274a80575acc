/** A process behind tgrid. */
import tgrid from 'tgrid'
import { noop, search } from '../work.mjs'

const connector = new tgrid.WebSocketConnector(null, { noop, search })
await connector.connect(process.argv[2])
await connector.join()
process.exit()
