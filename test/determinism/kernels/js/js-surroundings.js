// What a script finds around it: all names, and that nothing tells of the host.
;({ range }) => {
  const kinds = (o) =>
    Object.getOwnPropertyNames(o)
      .sort()
      .map((name) => {
        try {
          const value = o[name]
          return name + ':' + (typeof value === 'function' ? 'f' + value.length : typeof value)
        } catch (error) {
          return name + '!' + error.name
        }
      })
  const absent = [
    'Date',
    'performance',
    'Intl',
    'console',
    'process',
    'require',
    'fetch',
    'WebAssembly',
    'SharedArrayBuffer',
    'WeakRef',
    'setTimeout',
    'Temporal',
    'navigator',
  ]
  const builtins = [
    Object,
    Function,
    Array,
    String,
    Number,
    Boolean,
    Symbol,
    Math,
    JSON,
    Reflect,
    Map,
    Set,
    WeakMap,
    Promise,
    RegExp,
    ArrayBuffer,
    DataView,
    BigInt,
    Error,
  ]
  return {
    value: [
      kinds(globalThis),
      absent.filter((name) => name in globalThis),
      builtins.map((o) => [kinds(o), o.prototype ? kinds(o.prototype) : []]),
      new Error('here').stack,
      (() => {}).toString(),
      Math.max.toString(),
      (1234567.891).toLocaleString(),
      range,
    ],
  }
}
