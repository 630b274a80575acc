/** Runs a variant over as many seeds as its claim needs, and tells its figures with their bounds. */
import type { Figures } from './figures.js'
import { runGrid } from './grid.js'
import type { ScenarioReport } from './report.js'
import { mean, poissonUpperBound, spread } from './statistics.js'
import type { Row, Variant } from './table-rows.js'
import { makeTrial } from './trials.js'

/** Each seed's job, and whatever stands before it in the trial. */
export function unitsOfRun(variant: Variant): number {
  const { units, earlierJobs = [] } = makeTrial(variant.trial, variant.choices)
  return earlierJobs.reduce((sum, more) => sum + more, units)
}

/** @param share  of the units that the claim needs; never fewer than give a shape */
export function seedsOf(variant: Variant, share: number): number {
  const { units } = makeTrial(variant.trial, variant.choices)
  return Math.max(1, Math.ceil(Math.max(variant.unitsQuick, share * variant.units) / units))
}

/** @param afterRun  called after each seed, for progress */
export function measure(
  variant: Variant,
  seeds: number,
  afterRun: (report: ScenarioReport) => void,
): Figures {
  const reports: ScenarioReport[] = []
  const makespans: number[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    const report = run(variant, variant.choices, seed)
    const { baseline } = variant
    const comparedMs =
      baseline === undefined ? report.idealMs : run(variant, baseline, seed).makespanMs
    // Only figures are kept: the lists of thousands of hosts of hundreds of runs would fill memory.
    reports.push({ ...report, executedBy: [], caught: [], liars: [] })
    makespans.push(report.makespanMs / comparedMs)
    afterRun(report)
  }
  return figuresOf(reports, makespans)
}

function run({ trial }: Variant, choices: Variant['choices'], seed: number): ScenarioReport {
  return runGrid(trial, makeTrial(trial, choices), seed, { validateEvery: 0, trace: false })
}

function figuresOf(reports: readonly ScenarioReport[], makespans: readonly number[]): Figures {
  const sum = (of: (report: ScenarioReport) => number) => reports.reduce((n, r) => n + of(r), 0)
  const units = sum(({ accepted }) => accepted)
  const executions = reports.map(({ executionsPerUnit }) => executionsPerUnit)
  const wrong = sum((report) => report.wrong)
  return {
    seeds: reports.length,
    units,
    unfinished: sum(({ finished }) => (finished ? 0 : 1)),
    executionsMean: mean(executions),
    executionsSpread: spread(executions),
    ownShare: sum(({ ownExecutions }) => ownExecutions) / units,
    auditShare: sum(({ audited }) => audited) / units,
    wrong,
    wrongShare: wrong / units,
    wrongBound: poissonUpperBound(wrong) / units,
    wrongWorst: Math.max(...reports.map((report) => report.wrong / report.units)),
    misledShare: sum(({ misled }) => misled) / units,
    wronged: sum(({ wronged }) => wronged.length) / reports.length,
    makespanMean: mean(makespans),
    makespanSpread: spread(makespans),
    wasteMean: mean(reports.map((r) => (r.executions - r.lost) / r.accepted - 1)),
  }
}

/** Whether a variant is ours: the others are there to be compared with. */
export function isOurs({ choices }: Variant): boolean {
  return (choices.policy ?? 'adaptive') === 'adaptive'
}

/** The key under which a variant's figures are kept between runs. */
export function keyOf({ trial, choices }: Variant): string {
  const { policy = 'adaptive', rate } = choices
  return [trial, policy, ...(rate === undefined ? [] : [rate])].join('/')
}

export type Measured = Record<string, Figures>

/** Two tables in Markdown: what was promised, and every figure. */
export function renderTables(all: Readonly<Record<string, Row>>, measured: Measured): string {
  const list = Object.entries(all)
  const goals = list.flatMap(([, row]) => goalLines(row, measured))
  const figures = list.flatMap(([, { variants }]) =>
    variants.flatMap((variant) => figureLine(variant, measured[keyOf(variant)])),
  )
  return [
    '| scenario | goal | measured, worst rate | met | published |',
    '| --- | --- | --- | --- | --- |',
    ...goals,
    '',
    '| scenario | policy | lies at | seeds x units | executions a unit | own | audits | wrong at the end | worst seed | given out wrong | makespan |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...figures,
  ].join('\n')
}

function goalLines({ title, goals, published, variants }: Row, measured: Measured): string[] {
  const ours = variants.filter(isOurs).map((variant) => measured[keyOf(variant)])
  const known = ours.filter((figures) => figures !== undefined)
  if (known.length === 0) return []
  const wanted = variants.filter(isOurs).reduce((n, { units }) => n + units, 0)
  const share = known.reduce((n, { units }) => n + units, 0) / wanted
  // A goal that is met over fewer units than its claim needs is not shown yet.
  const yes = share > 0.99 ? 'yes' : `so far, over ${percent(share)} of the units`
  return goals.map(({ figure, atMost, words }) => {
    const worst =
      figure === 'wrongBound'
        ? pooledBound(known)
        : Math.max(...known.map((figures) => figures[figure]))
    const met = worst <= atMost && known.every(({ unfinished }) => unfinished === 0)
    return `| ${title} | ${words} | ${short(worst)} | ${met ? yes : 'no'} | ${published} |`
  })
}

/** The bound over all rates together: each alone may have too few units for it. */
function pooledBound(known: readonly Figures[]): number {
  const sum = (of: (figures: Figures) => number) => known.reduce((n, f) => n + of(f), 0)
  return poissonUpperBound(sum(({ wrong }) => wrong)) / sum(({ units }) => units)
}

function figureLine({ trial, choices, baseline }: Variant, figures: Figures | undefined): string[] {
  if (figures === undefined) return []
  const { policy = 'adaptive', rate } = choices
  const f = figures
  const bound =
    f.wrong === 0
      ? `0 (<= ${short(f.wrongBound)})`
      : `${short(f.wrongShare)} (<= ${short(f.wrongBound)})`
  const unfinished = f.unfinished === 0 ? '' : `, ${f.unfinished} not ended`
  const cells = [
    trial,
    policy,
    rate ?? '-',
    `${f.seeds} x ${Math.round(f.units / f.seeds).toLocaleString('en')}${unfinished}`,
    `${f.executionsMean.toFixed(3)} +- ${f.executionsSpread.toFixed(3)}`,
    percent(f.ownShare),
    percent(f.auditShare),
    bound,
    short(f.wrongWorst),
    short(f.misledShare),
    `${f.makespanMean.toFixed(2)} +- ${f.makespanSpread.toFixed(2)} of ${baseline === undefined ? 'the ideal' : 'that without'}`,
  ]
  return [`| ${cells.join(' | ')} |`]
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

/** Three digits at most. */
function short(value: number): string {
  if (value === 0) return '0'
  return value >= 0.01 ? String(Number(value.toPrecision(3))) : value.toExponential(1)
}
