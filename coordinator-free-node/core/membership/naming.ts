/**
 * Whom the directory names for a key, when some of those who were asked lie. A liar can name as many as it likes, so
 * everybody's first name comes before anybody's second: one honest answer is enough for its name to be among the first.
 * Who is named is only asked; whether it is the right one, its signature shows.
 */

/** Names that one answer is heard for: nobody has so many stewards. */
export const namesPerAnswerMax = 20

/**
 * @param answers  each what one peer said, its most useful name first
 * @returns each name once; in rounds, in the order of the answers within one
 */
export function mergeAnswers<Name>(
  answers: readonly (readonly Name[])[],
  keyOf: (name: Name) => string,
  most: number,
): Name[] {
  const merged = new Map<string, Name>()
  for (let round = 0; round < namesPerAnswerMax; round++)
    for (const answer of answers) {
      const name = answer[round]
      if (name === undefined) continue
      if (!merged.has(keyOf(name))) merged.set(keyOf(name), name)
      if (merged.size === most) return [...merged.values()]
    }
  return [...merged.values()]
}
