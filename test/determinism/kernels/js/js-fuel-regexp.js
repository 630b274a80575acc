// A regular expression that would search for ever.
;({ range }) => {
  let found = 0
  for (let n = range.start; ; n++) if (/^(a+)+$/.test('a'.repeat(14) + 'b' + n)) found++
  return { value: found }
}
