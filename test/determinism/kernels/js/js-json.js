// JSON there and back: numbers, escapes, nesting, order of keys, revivers, indentation.
;({ range }) => {
  const make = (n) => ({
    n,
    ratio: n / 7,
    big: n * 1e17,
    tiny: n * 1e-9,
    text: 'line\n\t"' + String.fromCharCode(n % 0x3000, 0xd800 + (n % 100)) + '\\',
    10: 'ten',
    2: 'two',
    b: [n % 2 === 0, null, undefined, () => 1, NaN, -0],
    a: { z: [], y: {}, x: [[[n]]] },
    toJSON: n % 17 === 0 ? () => 'replaced ' + n : undefined,
  })
  const values = Array.from({ length: range.end / 5 }, (_, i) => make(i))
  const text = JSON.stringify(values)
  const back = JSON.parse(text, (key, value) =>
    typeof value === 'number' && key === 'ratio' ? value * 2 : value,
  )
  const pretty = JSON.stringify(
    back.slice(0, 20),
    (key, value) => (key === 'b' ? undefined : value),
    '..',
  )
  const faults = ['{', '[1,]', '"\u0001"', '{"a":01}', '1e', 'nul'].map((wrong) => {
    try {
      return JSON.parse(wrong)
    } catch (error) {
      return error.name + ': ' + error.message
    }
  })
  return { value: [text, pretty, faults, JSON.stringify(back).length] }
}
