import { createExecutor } from '../../coordinator-free-node/shell/executor/executor.js'
import { describeExecutor } from './executor-contract.js'

describeExecutor('process and threads', (slots) => createExecutor({ slots }))
