/** `demo`: a grid of five processes on this machine, one of which lies and one of which is killed. */
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { addExamples, addJsonOption, type JsonOption } from '../options.js'

export function addDemoCommand(program: Command, context: Context): void {
  const command = program
    .command('demo')
    .summary('watch a small grid catch a liar and survive a kill')
    .description(
      'Starts a requester and four hosts as processes on this machine and searches the nonce of ' +
        "Bitcoin's first block. One host lies, one is killed half-way. Exit code 0 when the nonce is " +
        'right and the liar was caught, 1 when not. Leaves nothing behind.',
    )
    .action(async (options: JsonOption) => {
      const { demo } = await import('../demo/demo.js')
      await demo(context, options)
    })
  addExamples(addJsonOption(command), [
    ['demo', 'takes about half a minute'],
    ['demo --json', 'the report as one line of JSON at the end'],
  ])
}
