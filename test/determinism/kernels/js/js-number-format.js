// Numbers as text: shortest, fixed, exponential, to a precision, in every base.
;({ range }) => {
  const lines = []
  let x = 0.1
  for (let i = range.start; i < range.end; i++) {
    x = (x * 1.7 + i / 3) * (i % 2 ? -1 : 1)
    if (Math.abs(x) > 1e25) x = 1 / x
    const y = i % 3 === 0 ? x * 10 ** ((i % 600) - 300) : x
    if (i % 4 === 0)
      lines.push(
        [
          String(y),
          (y % 1e20).toFixed(i % 20),
          y.toExponential(i % 18),
          y.toPrecision(1 + (i % 20)),
          (y % 1e9).toString(2 + (i % 35)),
        ].join(' '),
      )
    else lines.push(`${y} ${y | 0} ${y >>> 0} ${Math.fround(y)}`)
  }
  for (const y of [
    0.5, 1.5, 2.5, 1.005, 1e21, 123456789012345680000, 5e-324, 1.7976931348623157e308, -1.45,
    0.000001, 1e-7,
  ])
    lines.push(
      [
        y.toFixed(2),
        y.toFixed(0),
        y.toPrecision(3),
        y.toExponential(),
        y.toString(3),
        y.toLocaleString(),
      ].join(' '),
    )
  return { value: lines }
}
