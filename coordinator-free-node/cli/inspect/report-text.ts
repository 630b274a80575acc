/** A report for people: whose it is, what it may use, and what it looks like. Pure. */

import { limits } from '../../protocol/limits.js'
import type { Acceptance } from '../../protocol/manifest.js'
import { countOf, formatBytes, formatCount, formatDurationMs } from '../format.js'
import { formatPairs } from '../table.js'
import type { Report, TaskReport } from './report.js'

type Pair = [name: string, value: string]

export function renderReport(report: Report, isFull: boolean): string {
  const { job, task, problems } = report
  const parts = [
    problems.length === 0 ? '' : problems.map((problem) => `WARNING: ${problem}`).join('\n'),
    job === undefined && report.advert === undefined ? '' : formatPairs(jobPairs(report)),
    task === undefined ? 'its task is not here' : formatPairs(taskPairs(report, task)),
    task === undefined ? '' : `It may use:\n${usesOf(task)}`,
    task === undefined ? '' : listingOf(task, isFull),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function jobPairs({ job, advert, relation, refused }: Report): Pair[] {
  const pairs: Pair[] = []
  if (job !== undefined) {
    const range =
      job.inputs.kind === 'range'
        ? `${formatCount(job.units)} of ${formatCount(job.inputs.unitItems)} items: integers from ${job.inputs.start} to ${job.inputs.end}, not included`
        : 'one for each input; the requester hands them out'
    pairs.push(
      ['job', job.job],
      ['name', job.name],
      ['owner', `${job.requester}, ${job.signed ? 'who signed it' : 'WHO DID NOT SIGN IT'}`],
      ['units', range],
      ['goal', job.goal === 'all' ? 'every unit' : 'ends with the first hit'],
      ['accepted', acceptanceOf(job.acceptance)],
      ['parameters', job.paramsBytes === 0 ? 'none' : formatBytes(job.paramsBytes)],
    )
  } else if (advert !== undefined)
    pairs.push(
      ['name', `${advert.name}, as its advert says`],
      ['owner', `${advert.requester}, as its advert says: nobody here has what it signed`],
    )
  if (advert !== undefined) pairs.push(['steward', advert.steward])
  pairs.push(['here', hereOf(relation, refused)])
  return pairs
}

function hereOf(relation: string | undefined, refused: string | undefined): string {
  if (refused !== undefined) return `not run: ${refused}`
  if (relation === 'own') return "this node's own job"
  return relation === 'hosted' ? 'this node runs units of it' : 'this node would run units of it'
}

function acceptanceOf(acceptance: Acceptance): string {
  switch (acceptance.rule) {
    case 'credibility':
      return `as soon as a wrong result is rarer than ${acceptance.maxErrorRate}, by what is known of its hosts`
    case 'quorum':
      return acceptance.quorum === 1
        ? 'on the word of one host'
        : `when ${acceptance.quorum} hosts agree`
    case 'check':
      return "when the task's own check passes it"
  }
}

function taskPairs({ where, refused, job }: Report, task: TaskReport): Pair[] {
  const { descriptor, tier, module, source } = task
  const pairs: Pair[] = []
  if (task.hash !== undefined) pairs.push(['task', task.hash])
  if (descriptor !== undefined) pairs.push(['name', descriptor.name])
  pairs.push(['tier', tierOf(task)])
  if (module?.fault !== undefined) pairs.push(['refused', `by every host: ${module.fault}`])
  if (source?.fault !== undefined) pairs.push(['refused', `by every host: ${source.fault}`])
  // Of a job it is said above.
  if (where === 'node' && job === undefined && refused !== undefined)
    pairs.push(['here', `not run: ${refused}`])
  pairs.push(['size', sizeOf(task)])
  if (descriptor !== undefined) {
    const fuel = descriptor.unitFuelMax ?? limits.unitFuelMax
    pairs.push([
      'limits',
      `a unit may take ${formatDurationMs(descriptor.unitMsMax)}, ${formatBytes(descriptor.unitMemoryBytesMax)} of memory and ${fuel.toExponential().replace('e+', 'e')} fuel`,
    ])
  } else if (source?.isModule !== true)
    pairs.push(['limits', 'set by the job that it is submitted with'])
  if (source?.isModule !== true)
    pairs.push(['check', task.hasCheck ? 'it can tell right results from wrong ones' : 'none'])
  if (module !== undefined) {
    pairs.push(['exports', module.exports.join(', ') || 'none'])
    if (module.memoryBytes !== undefined) {
      const { least, most } = module.memoryBytes
      const end = most === undefined ? '' : `, ${formatBytes(most)} at most by its own word`
      pairs.push(['memory', `${formatBytes(least)} at the start${end}`])
    }
    if (module.madeBy.length > 0) pairs.push(['made by', module.madeBy.join(', ')])
  }
  if (tier === 'builtin') pairs.push(['kernel', task.listing[0] ?? ''])
  return pairs
}

function tierOf({ tier, module, source }: TaskReport): string {
  if (tier === 'wasm') {
    const shape = { kernel: 'a kernel: the grid calls "run"', command: 'a WASI command' }
    return `wasm${module?.shape === undefined ? '' : `, ${shape[module.shape]}`}`
  }
  if (tier === 'native') return 'native: NOTHING GUARDS IT'
  if (source?.isModule === true)
    return 'an ES module for "manyhands run": what it sends to hosts is known once it runs'
  return tier === 'js' ? 'js, source below' : tier
}

function sizeOf({ codeBytes, module, source }: TaskReport): string {
  const size = formatBytes(codeBytes)
  if (module !== undefined)
    return `${size}: ${countOf(module.functions, 'function')} in ${formatBytes(module.codeBytes)} of code, ${formatBytes(module.dataBytes)} of data`
  return source === undefined ? size : `${size}, ${countOf(source.lines, 'line')}`
}

function usesOf({ uses, rules, source }: TaskReport): string {
  if (source?.isModule === true)
    return '  all that you may, as it runs on this machine; the functions that it sends run as tier js'
  const words = uses.map(({ words, imports }) => `  ${words} (${imports.join(', ')})`)
  const always = words.length === 0 ? [] : ['and, whatever it is:']
  return [...words, ...always, ...rules.map((rule) => `  ${rule}`)].join('\n')
}

function listingOf(task: TaskReport, isFull: boolean): string {
  const { tier, listing, source, texts, module } = task
  if (tier === 'builtin') return ''
  if (tier !== 'wasm') {
    const left = (source?.lines ?? 0) - listing.length
    const more = isFull || left <= 1 ? '' : `\n... ${countOf(left, 'more line')}: --source`
    return `Source:\n${listing.join('\n')}${more}`
  }
  const parts = []
  if (listing.length > 0) parts.push(`Functions:\n${listing.map((line) => `  ${line}`).join('\n')}`)
  if (texts.length > 0)
    parts.push(`Texts in its data:\n${texts.map((text) => `  ${text}`).join('\n')}`)
  if (!isFull && (module?.functions ?? 0) > 0)
    parts.push('There is no source; --source lists functions and texts.')
  return parts.join('\n\n')
}
