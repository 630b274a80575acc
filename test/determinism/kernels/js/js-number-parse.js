// Text as numbers: correctly rounded, half-way cases included, and what is none.
;({ range }) => {
  const texts = [
    '9007199254740993',
    '9007199254740992.9999999999',
    '2.2250738585072011e-308',
    '2.2250738585072014e-308',
    '4.9e-324',
    '2.4703282292062327e-324',
    '1.7976931348623158e308',
    '1.7976931348623159e308',
    '0.1e1',
    '.5',
    '5.',
    '+3',
    '-0',
    '0x1f',
    '0b101',
    '0o17',
    '1_000',
    ' 12 ',
    '',
    '12px',
    'Infinity',
    '-infinity',
    '1e1000',
    '1e-1000',
    '0.' + '0'.repeat(300) + '1',
    '9'.repeat(400),
    '8.5',
    '1.00000000000000011102230246251565404236316680908203125',
    '1.00000000000000011102230246251565404236316680908203124',
  ]
  const values = texts.map((text) => [
    Number(text),
    parseFloat(text),
    parseInt(text),
    parseInt(text, 16),
    parseInt(text, 36),
  ])
  let sum = 0
  const some = []
  for (let i = range.start; i < range.end; i++) {
    const text = i * 7919 + '.' + i * 104729 + 'e' + ((i % 620) - 310)
    const value = Number(text)
    if (i % 20 === 0) some.push(value)
    if (Number.isFinite(value) && Math.abs(value) < 1e200) sum = sum / 2 + value
  }
  return { value: [values, some, sum] }
}
