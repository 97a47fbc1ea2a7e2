/** Which second of a recording was drawn at a moment: each second is put where its own clock says. Pure. */

export class Moments {
  private readonly seqs: number[] = []
  private readonly starts: number[] = []

  /** @param offsetMs Clock of the server minus clock of the sender, as it was measured. */
  constructor(private readonly offsetMs = 0) {}

  /** Notes when a second began by the sender's clock; seconds in order, repeats are left out. */
  add(seq: number, deviceMs: number): void {
    if (seq <= (this.seqs.at(-1) ?? 0)) return
    this.seqs.push(seq)
    this.starts.push(deviceMs + this.offsetMs)
  }

  get empty(): boolean {
    return this.seqs.length === 0
  }

  /** Second and fraction at `ms` since 1970; before the first and after the last, as they would count on. */
  secondAt(ms: number): number {
    let low = 0
    let high = this.starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.starts[middle] ?? Infinity) <= ms) low = middle + 1
      else high = middle
    }
    const at = Math.max(0, low - 1)
    const seq = this.seqs[at] ?? 0
    const next = this.seqs[at + 1] ?? Infinity
    return Math.min(next, seq + (ms - (this.starts[at] ?? ms)) / 1000)
  }

  /** Whether something was drawn at `ms`, or lost in between. */
  covers(ms: number): boolean {
    return ms >= (this.starts[0] ?? Infinity) && ms < (this.starts.at(-1) ?? -Infinity) + 1000
  }
}
