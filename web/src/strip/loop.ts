/** One animation frame for all strips of the page, however many there are. */

type Tick = () => void

const ticks = new Set<Tick>()
let handle = 0

function run(): void {
  handle = ticks.size > 0 ? requestAnimationFrame(run) : 0
  for (const tick of ticks) tick()
}

/** Calls `tick` every animation frame until the returned function is called. */
export function everyFrame(tick: Tick): () => void {
  ticks.add(tick)
  if (handle === 0) handle = requestAnimationFrame(run)
  return () => {
    ticks.delete(tick)
    if (ticks.size === 0 && handle !== 0) {
      cancelAnimationFrame(handle)
      handle = 0
    }
  }
}
