// Every function of Math, with edges.
;({ range }) => {
  const lines = []
  const names = Object.getOwnPropertyNames(Math)
    .filter((name) => typeof Math[name] === 'function' && name !== 'random')
    .sort()
  const edges = [
    0,
    -0,
    1,
    -1,
    0.5,
    Infinity,
    -Infinity,
    NaN,
    1e308,
    5e-324,
    710,
    -746,
    2 ** 53,
    1e-8,
  ]
  for (const name of names) {
    const of = (x, y) => {
      try {
        return Math[name](x, y)
      } catch (error) {
        return error.message
      }
    }
    const values = []
    for (const x of edges) values.push(of(x, 3), of(x, -0.5))
    let sum = 0
    for (let i = range.start; i < range.end; i += 5) {
      const y = of((i - 500) / 77, (i % 13) / 3)
      if (Number.isFinite(y)) sum += y
    }
    lines.push([name, sum, ...values])
  }
  return { value: lines }
}
