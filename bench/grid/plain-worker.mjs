/** A plain thread or process: hears `{ kernel, inputs, params }`, answers with the outputs. */
import os from 'node:os'
import { parentPort } from 'node:worker_threads'
import { plainKernel } from './plain-kernel.mjs'

// As nice as the executors' threads, so that what else runs on the machine slows both alike; of a thread, itself alone.
os.setPriority(0, 19)
const port = parentPort ?? process
const say =
  parentPort === null ? (said) => process.send(said) : (said) => parentPort.postMessage(said)
const kernels = new Map()

port.on('message', ({ kernel: name, inputs, params }) => {
  let kernel = kernels.get(name)
  if (kernel === undefined) {
    kernel = plainKernel(name)
    kernels.set(name, kernel)
  }
  say(inputs.map((input) => kernel(input, params)))
})
