/** Which frame of a file was looked at last, so that it need not be found again to be cited. */
const seen = new Map<string, number>()

export function remember(instanceId: string, frame: number): void {
  seen.set(instanceId, frame)
}

/** From 0; the first where nobody has looked. */
export function lastFrame(instanceId: string): number {
  return seen.get(instanceId) ?? 0
}
