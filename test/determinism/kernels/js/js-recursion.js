// Recursion of several kinds, with closures and memory.
;({ range }) => {
  const fibonacci = (n) => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2))
  const hanoi = (n, from, to, over) =>
    n === 0 ? '' : hanoi(n - 1, from, over, to) + from + to + hanoi(n - 1, over, to, from)
  const permutations = (items) =>
    items.length < 2
      ? [items]
      : items.flatMap((x, i) =>
          permutations(items.filter((_, j) => j !== i)).map((rest) => [x, ...rest]),
        )
  const even = (n) => n === 0 || odd(n - 1)
  const odd = (n) => n !== 0 && even(n - 1)
  const known = new Map()
  const collatz = (n) => {
    if (n === 1) return 0
    if (!known.has(n)) known.set(n, 1 + collatz(n % 2 === 0 ? n / 2 : 3 * n + 1))
    return known.get(n)
  }
  const lengths = []
  for (let n = range.start + 1; n < range.end; n++) lengths.push(collatz(n))
  const tree = (depth) =>
    depth === 0 ? null : { left: tree(depth - 1), right: tree(depth - 1), depth }
  const walk = (node, path) =>
    node === null ? path : walk(node.left, path + 'l') + node.depth + walk(node.right, path + 'r')
  return {
    value: [
      fibonacci(19),
      hanoi(7, 'a', 'b', 'c'),
      permutations([1, 2, 3, 4, 5]).join(' '),
      even(200),
      lengths,
      walk(tree(6), ''),
    ],
  }
}
