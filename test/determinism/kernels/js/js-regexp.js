// Regular expressions: greedy and lazy, groups, look-around, back references, unicode, sticky, replacing.
;({ range }) => {
  const words = [
    'many',
    'hands',
    'Light',
    'work42',
    'a@b.example',
    '2000-01-02',
    'ünïcödé',
    '\u{1f600}x',
    '((()))',
    'aaaaab',
  ]
  let text = ''
  for (let i = range.start; i < range.end; i++)
    text += words[(i * 7 + (i >> 3)) % words.length] + (i % 9 === 0 ? '\n' : ' ')
  const found = [
    text.match(/\b\w+?\d+\b/g).length,
    [...text.matchAll(/(?<user>[\w.]+)@(?<host>[\w.]+)/g)]
      .slice(0, 3)
      .map((m) => [m.index, m.groups.user, m.groups.host]),
    text.replace(/(\d{4})-(\d\d)-(\d\d)/g, '$3/$2/$1').slice(0, 400),
    text.split(/\s+(?=[A-Z])/u).length,
    text
      .match(/^.*$/gm)
      .map((line) => line.length)
      .join(),
    [...text.slice(0, 3000).matchAll(/(a+)(?=b)|(?<!m)(any)|(.)\3/gu)].map((m) => m.index).join(),
    text.replace(/\p{L}+/gu, (word) => word.length).slice(0, 300),
    text.match(/\p{Emoji_Presentation}/gu).length,
    text.match(/[^\x00-\x7f]/g).length,
    text.search(/LIGHT/i),
    /(?:(a)|b)*/.exec('ab'),
    /(z)((a+)?(b+)?(c))*/.exec('zaacbbbcac'),
    '2024'.replace(/(?<y>\d)/g, '[$<y>$&$`]'),
    'aBc'.replace(/b/i, (m, at, all) => m + at + all),
  ]
  const sticky = /\w+\s?/y
  const at = []
  while (sticky.test(text) && at.length < 200) at.push(sticky.lastIndex)
  const faults = ['(', '[z-a]', '\\', 'a**', '(?<a>.)(?<a>.)'].map((source) => {
    try {
      return String(new RegExp(source, 'u'))
    } catch (error) {
      return error.name + ': ' + error.message
    }
  })
  return { value: [found, at, faults] }
}
