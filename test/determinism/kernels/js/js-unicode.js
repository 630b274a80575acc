// Text beyond ASCII: cases, normal forms, halves of pairs, iteration, comparison, properties, escapes.
;({ range }) => {
  const lines = []
  for (let i = range.start; i < range.end; i++) {
    const code = (i * 577) % 0x11000
    const c = String.fromCodePoint(code)
    if (i % 4 === 0)
      lines.push(
        [
          c.toUpperCase(),
          c.toLowerCase(),
          c.length,
          /\p{L}/u.test(c),
          /\p{Lu}/u.test(c),
          /\s/.test(c),
          /\w/iu.test(c),
        ].join(),
      )
  }
  const samples = [
    'Straße',
    'ΌΣΟΣ ΣΑΣ',
    'İıI',
    'ﬁn',
    'é',
    'e\u0301',
    '각',
    '\u1100\u1161\u11a8',
    'Å',
    '\u{1f468}\u200d\u{1f469}',
    '\ud83d',
    'a\udc00b',
    'ǅ',
    '१२३',
  ]
  for (const s of samples) {
    for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'])
      lines.push([...s.normalize(form)].map((c) => c.codePointAt(0).toString(16)).join(' '))
    lines.push(
      [
        s.toUpperCase(),
        s.toLowerCase(),
        s.length,
        [...s].length,
        encodeURIComponent(s.replace(/[\ud800-\udfff]/g, '?')),
        JSON.stringify(s),
      ].join(),
    )
    lines.push(
      s.padStart(9, 'é').slice(-7, -1),
      s.at(-1),
      s.split('').reverse().join(''),
      s.isWellFormed ? s.isWellFormed() : 'none',
    )
  }
  const sorted = [...samples].sort()
  const compared = samples.map((s) => samples.map((t) => s.localeCompare(t)).join(''))
  return {
    value: [
      lines,
      sorted,
      compared,
      escape('ü€'),
      unescape('%u20AC%FC'),
      decodeURIComponent('%E2%82%AC'),
      String.raw`\u{1f600}`,
    ],
  }
}
