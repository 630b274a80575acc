/** A worker thread of workerpool. */
import workerpool from 'workerpool'
import { noop, search } from '../work.mjs'

workerpool.worker({ noop, search })
