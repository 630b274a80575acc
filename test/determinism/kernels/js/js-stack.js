// Recursion without end, caught: how deep it went is the same everywhere, with frames of several kinds.
;({ range }) => {
  const depths = []
  const measure = (call) => {
    let depth = 0
    const down = () => {
      depth++
      return call(down) + 1
    }
    try {
      down()
    } catch (error) {
      depths.push(depth, error.name + ': ' + error.message)
    }
  }
  measure((down) => down())
  measure((down) => [1].map(down)[0])
  measure((down) => Reflect.apply(down, undefined, []))
  measure((down) => 'x'.replace(/x/, down).length)
  measure((down) => [2, 1].sort(down).length)
  measure((down) => JSON.stringify({ toJSON: down }).length)
  measure(
    (down) =>
      new (class {
        constructor() {
          this.n = down()
        }
      })().n,
  )
  measure(
    (down) =>
      [
        ...(function* () {
          yield down()
        })(),
      ][0],
  )
  measure((down) => Number({ valueOf: down }))
  const nested = (n) => '['.repeat(n) + ']'.repeat(n)
  for (const n of [100, 1000, 5000]) {
    try {
      depths.push(JSON.stringify(JSON.parse(nested(n))).length)
    } catch (error) {
      depths.push(error.name + ': ' + error.message)
    }
  }
  const endless = () => endless() + range.start
  return { value: depths, hit: endless.length === 1 }
}
