// What the language does by itself: generators, proxies, destructuring, labels, getters, tags, errors, coercion.
;({ range }) => {
  const trail = []
  function* count(from, to) {
    try {
      for (let i = from; i < to; i++) trail.push(yield i * i)
    } finally {
      trail.push('closed')
    }
  }
  for (const square of count(range.start, 10)) if (square > 30) break
  const logged = new Proxy(
    { a: 1 },
    {
      get: (target, key, self) => (
        trail.push('get ' + String(key)), Reflect.get(target, key, self)
      ),
      has: (_, key) => (trail.push('has ' + String(key)), true),
      ownKeys: () => (trail.push('keys'), ['a', 'b']),
      getOwnPropertyDescriptor: (_, key) => (
        trail.push('describe ' + key), { configurable: true, enumerable: true, value: key }
      ),
    },
  )
  const { a, b = 'none', ...rest } = logged
  trail.push(a, b, JSON.stringify(rest), 'x' in logged, Object.keys({ ...logged }).join())
  outer: for (let i = 0; i < 5; i++)
    for (let j = 0; ; j++) {
      if (j > i) continue outer
      if (i * j > 5) break outer
      trail.push(i * 10 + j)
    }
  const tag = (strings, ...values) => strings.raw.join('|') + values.join()
  class Counter {
    #n = 0
    static made = 0
    constructor() {
      Counter.made++
    }
    get n() {
      return this.#n++
    }
    [Symbol.toPrimitive](hint) {
      return hint === 'number' ? 7 : hint
    }
  }
  const counter = new Counter()
  trail.push(
    counter.n,
    counter.n,
    +counter,
    `${counter}`,
    counter + '',
    tag`a${1}\n${2}b`,
    [] + {},
    [1, [2, [3]]].flat(Infinity).join(),
    null ?? 'x',
    1 < 2 < 3,
    3 > 2 > 1,
  )
  const faults = [
    () => null.x,
    () => undefined.f(),
    () => nothing,
    () => {
      const c = 1
      c = 2
    },
    () =>
      new class {
        #p
        static t(o) {
          return o.#p
        }
      }.t({}),
    () => [].reduce((x) => x),
    () => 'x'.repeat(-1),
    () => Symbol() + '',
    () => new Array(-1),
    () => ({}).x.y,
    () => BigInt(NaN),
    () => JSON.stringify(1n),
    () => decodeURIComponent('%'),
    () => eval('1 +'),
    () => {
      throw { odd: 1 }
    },
  ].map((wrong) => {
    try {
      return String(wrong())
    } catch (error) {
      return `${error.name}: ${error.message} ${error instanceof Error} ${String(error.stack ?? '').split('\n').length}`
    }
  })
  const order = []
  const note = (x) => (order.push(x), x)
  note(1) + note(2) * (note(3) ? note(4) : note(5)) ** note(2)
  return {
    value: [
      trail.map(String),
      faults,
      order,
      Counter.made,
      typeof globalThis,
      this === undefined,
      [3, 1, 2].toSorted ? 'new' : 'old',
    ],
  }
}
