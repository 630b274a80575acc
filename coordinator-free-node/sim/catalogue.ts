/** Every scenario by its name: short stories, and trials that can be varied. */
import { type EconomyReport, economies, isEconomy, runEconomy } from './economies.js'
import { type RunOptions, runGrid } from './grid.js'
import type { ScenarioReport } from './report.js'
import { isScenario, runScenario, scenarios } from './scenarios.js'
import { isTrial, makeTrial, type TrialChoices, trials } from './trials.js'

export { isScenario }

/** Names with one line each, in order of size. */
export function listScenarios(): [name: string, summary: string][] {
  return [
    ...Object.entries(scenarios).map(([name, { summary }]): [string, string] => [name, summary]),
    ...Object.entries(economies).map(([name, { summary }]): [string, string] => [name, summary]),
    ...Object.entries(trials).map(([name, make]): [string, string] => [name, make({}).summary]),
  ]
}

/** @param choices  for trials and economies only; @returns undefined where there is no such scenario */
export function runByName(
  name: string,
  seed: number,
  choices: TrialChoices,
  options: RunOptions,
): ScenarioReport | EconomyReport | undefined {
  if (isEconomy(name)) return runEconomy(name, seed, choices)
  if (isTrial(name)) return runGrid(name, makeTrial(name, choices), seed, options)
  return isScenario(name) ? runScenario(name, seed) : undefined
}
