// The order of keys: objects, Map, Set, symbols, classes, deletion and insertion again, during iteration.
;({ range }) => {
  const object = {}
  const map = new Map()
  const set = new Set()
  for (let i = range.start; i < range.end; i++) {
    const key = i % 3 === 0 ? (i * 7919) % 1000 : i % 3 === 1 ? 'k' + ((i * 31) % 97) : -i / 2
    object[key] = i
    map.set(key, i)
    set.add(key)
    if (i % 5 === 0) {
      delete object['k' + (i % 97)]
      map.delete('k' + (i % 97))
      set.delete(key)
    }
  }
  const seen = []
  for (const [key] of map) {
    seen.push(key)
    if (seen.length % 10 === 0 && seen.length < 500) map.delete(key), map.set(key, 'again')
  }
  const special = new Set([NaN, 0, -0, NaN, '0', null, undefined])
  const mixed = { b: 1, 2: 1, a: 1, 1: 1, [Symbol('s')]: 1, '01': 1, '-1': 1 }
  class Base {
    z = 1
    static s = 2
    a() {}
    get g() {
      return 1
    }
  }
  class Child extends Base {
    y = 2
    b() {}
  }
  const own = (o) => Reflect.ownKeys(o).map(String)
  const into = []
  for (const key in Object.create(
    { inherited: 1, 7: 1 },
    { own: { enumerable: true, value: 1 }, hidden: { value: 1 } },
  ))
    into.push(key)
  const groups = {}
  for (const word of 'many hands make light work of many things'.split(' '))
    (groups[word.length] ??= []).push(word)
  return {
    value: [
      Object.keys(object),
      seen,
      [...set].map(String),
      [...special].map(String),
      own(mixed),
      own(new Child()),
      own(Child.prototype),
      own(Base),
      into,
      groups,
      Object.entries({ ...mixed, ...{ c: 1, 0: 1 } }).join(),
      own(function named(a, b) {}),
      own(globalThis),
    ],
  }
}
