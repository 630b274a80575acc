// Math.random: the unit's own stream, in a shuffle and a simulation.
;({ range }) => {
  const draws = Array.from({ length: 20 }, () => Math.random())
  const deck = Array.from({ length: 52 }, (_, i) => i)
  for (let i = 51; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[deck[i], deck[j]] = [deck[j], deck[i]]
  }
  let inside = 0
  for (let i = range.start; i < range.end * 10; i++)
    if (Math.random() ** 2 + Math.random() ** 2 < 1) inside++
  const gauss = []
  for (let i = 0; i < 30; i++)
    gauss.push(Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()))
  return { value: [draws, deck, inside, gauss], hit: inside > 7000 }
}
