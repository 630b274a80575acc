/** The same work with and without abuse, in turns: rates of one machine at one time are all that can be compared. */
import { floods } from './floods.mjs'
import { Stage, sleep } from './stage.mjs'

export const kinds = Object.keys(floods)
/** How long a flood lasts before it is measured. */
const warmUpMs = 2_000

/**
 * @param chosen  kinds of floods, and `all` for all of them together
 * @returns a row for each: rates, memory, and what became of the abusers
 */
export async function runAbuse(chosen, { rounds, phaseMs, say = () => {} }) {
  const stage = await Stage.set()
  try {
    const rows = []
    await sleep(warmUpMs)
    for (const kind of chosen) {
      const members = kind === 'all' ? kinds : [kind]
      const seen = []
      for (let round = 0; round < rounds; round++)
        seen.push(await runRound(stage, members, phaseMs))
      const row = { kind, ...summary(seen), hostStayed: await stage.hostIsIn() }
      rows.push(row)
      say(row)
    }
    return rows
  } finally {
    await stage.strike()
  }
}

async function runRound(stage, members, phaseMs) {
  const quiet = async () => {
    const idle = members.map(() => stage.startAbuser('idle'))
    await sleep(500)
    const measured = await stage.measure(phaseMs)
    await Promise.all(idle.map((one) => stage.stop(one)))
    return measured
  }
  const before = await quiet()
  stage.forgetPeak()
  const abusers = members.map((kind) => stage.startAbuser(kind))
  await stage.untilAtWork(abusers)
  await sleep(warmUpMs)
  const during = await stage.measure(phaseMs)
  await stage.untilDropped(abusers)
  const peakMiB = stage.peakMiB()
  await Promise.all(abusers.map((one) => stage.stop(one)))
  await sleep(1_000)
  const after = await quiet()
  return { before, during, after, peakMiB, diaries: abusers.map(({ diary }) => diary) }
}

function summary(seen) {
  const ratios = seen.map(
    ({ before, during, after }) =>
      (2 * during.unitsPerSecond) / (before.unitsPerSecond + after.unitsPerSecond),
  )
  const diaries = seen.flatMap((round) => round.diaries)
  const sum = (name) => diaries.reduce((total, diary) => total + diary[name], 0)
  const dropped = diaries.flatMap(({ droppedMs }) => droppedMs)
  return {
    ratio: median(ratios),
    unitsPerSecond: median(seen.map(({ during }) => during.unitsPerSecond)),
    cores: median(seen.map(({ during }) => during.cores)),
    coresQuiet: median(seen.map(({ before }) => before.cores)),
    hostCores: median(seen.map(({ during }) => during.hostCores)),
    peakMiB: Math.max(...seen.map(({ peakMiB }) => peakMiB)),
    sent: sum('sent'),
    entered: sum('entered'),
    refused: sum('refused'),
    dropped: dropped.length,
    droppedMs: dropped.length === 0 ? undefined : median(dropped),
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}
