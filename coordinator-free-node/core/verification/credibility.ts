/**
 * How far votes can be believed, from what is known of their hosts.
 *
 * The model: a share f of hosts lies, each at its own secret rate, and whoever is caught once is banned. Then a host
 * that gave n checked results right lies in the next one with a probability of at most f / ((1 - f) e n), whatever its
 * rate is: the rate that fools us longest is 1 / n. Liars are taken to agree on the same wrong result.
 *
 * Source: Sarmenta, "Sabotage-tolerance mechanisms for volunteer computing systems" (2002); the rule for lone votes is
 * our own, see docs/verification.md.
 */

/**
 * Probability that the next vote of a host is wrong.
 *
 * @param checked  units on which it agreed with an independent host or with this node
 * @param faultShare  share of hosts that lie, between 0 and 1
 */
export function doubtAfter(checked: number, faultShare: number): number {
  if (checked <= 0) return faultShare
  return Math.min(faultShare, faultShare / ((1 - faultShare) * Math.E * checked))
}

/** The inverse: checked units after which the doubt is at most `doubt`. */
export function checksFor(doubt: number, faultShare: number): number {
  return Math.ceil(faultShare / ((1 - faultShare) * Math.E * doubt))
}

/**
 * Share of lone votes to check. A host that lies k times among lone votes goes unnoticed with (1 - rate)^k, so it gets
 * at most 1 / (e ln 1/(1 - rate)) wrong results through; this rate keeps them below `maxErrorRate` of all results for
 * which it was checked.
 *
 * @returns a probability; near 1 where the doubt is not below `maxErrorRate`
 */
export function checkRate(doubt: number, maxErrorRate: number): number {
  return 1 - Math.exp(-doubt / maxErrorRate)
}

/**
 * Probability that the result of one group of agreeing hosts is wrong, given everybody's votes.
 *
 * @param groups  the doubts of the independent hosts behind each result; none may be 1
 * @param chosen  index of the group
 */
export function errorOf(groups: readonly (readonly number[])[], chosen: number): number {
  let allWrong = 1
  for (const doubts of groups) for (const doubt of doubts) allWrong *= doubt
  let against = allWrong
  let inFavour = 0
  groups.forEach((_, g) => {
    let weight = 1
    groups.forEach((doubts, other) => {
      for (const doubt of doubts) weight *= other === g ? 1 - doubt : doubt
    })
    if (g === chosen) inFavour = weight
    else against += weight
  })
  return against === 0 ? 0 : against / (inFavour + against)
}
