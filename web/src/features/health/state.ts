/** How bad a process's state is, and how it is marked. */
export type Gravity = 'good' | 'passing' | 'bad' | 'over'

const GRAVITY: Record<string, Gravity> = {
  running: 'good',
  done: 'over',
  stopped: 'over',
  starting: 'passing',
  restarting: 'passing',
  stopping: 'passing',
  waiting: 'passing',
  crashed: 'bad',
  silent: 'bad',
  absent: 'bad',
}

/** An unknown state is shown as bad: better asked about than overlooked. */
export function gravity(state: string): Gravity {
  return GRAVITY[state] ?? 'bad'
}

export const MARK: Record<Gravity, string> = { good: '●', passing: '◐', bad: '✕', over: '–' }

/** Processes whose work is described in words; others are shown by name alone. */
export const DESCRIBED: ReadonlySet<string> = new Set([
  'postgres', 'valkey', 'migrate', 'serve', 'gateway', 'engine', 'sender', 'worker', 'watch', 'seed', 'monitors', 'history',
  'phones',
])
