/** What is told of a trial that was run over several seeds. */

/** Shares and ratios over all seeds of one variant. */
export interface Figures {
  seeds: number
  units: number
  /** Jobs that did not end in time: must be none. */
  unfinished: number
  executionsMean: number
  executionsSpread: number
  /** Executions by the requester's own host, and audits, for each unit. */
  ownShare: number
  auditShare: number
  /** Wrong results that stood at the end. */
  wrong: number
  wrongShare: number
  /** 95 % upper bound of `wrongShare`. */
  wrongBound: number
  /** Share of the worst seed. */
  wrongWorst: number
  /** Units whose user was given a wrong result at some time, for each unit. */
  misledShare: number
  /** Honest hosts that were banned, a seed. */
  wronged: number
  /** Multiples of the baseline's makespan, or of the ideal. */
  makespanMean: number
  makespanSpread: number
  /** Executions beyond one a unit, work lost with departed machines apart. */
  wasteMean: number
}
