// Sorting: stable, with the comparisons in the order that the engine makes them, and comparators that contradict.
;({ range }) => {
  let state = 12345
  const next = () => (state = (state * 1103515245 + 12345) % 2147483648)
  const items = Array.from({ length: range.end }, (_, i) => ({ key: next() % 50, i }))
  let trail = 0
  let calls = 0
  const sorted = [...items].sort((a, b) => {
    calls++
    trail = (trail * 31 + a.i * 7 + b.i) % 1000000007
    return a.key - b.key
  })
  const numbers = Array.from({ length: 300 }, () => next() / 1000 - 1e6)
  const mixed = [
    3,
    '10',
    2,
    undefined,
    null,
    NaN,
    'b',
    'B',
    'ä',
    -1,
    1e21,
    true,
    [2],
    { a: 1 },
    ,
    5n,
  ]
  const contrary = Array.from({ length: 64 }, (_, i) => i).sort((a, b) => ((a * b) % 3) - 1)
  const typed = Float64Array.from(numbers.concat(NaN, -0, 0, Infinity)).sort()
  return {
    value: [
      sorted.map(({ key, i }) => key * 1000 + i),
      calls,
      trail,
      [...numbers].sort(),
      [...mixed].sort().map(String),
      contrary,
      [...typed].map(String),
      [...'déterminisme'].sort().join(''),
      [...numbers].sort((a, b) => b - a).slice(0, 9),
    ],
  }
}
