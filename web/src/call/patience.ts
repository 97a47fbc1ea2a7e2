/**
 * How long pictures wait for packets that are sent again.
 *
 * A camera's layers come in frames of which some are needed by no other: without a wait a browser goes
 * on past one that is not whole, and shows ten pictures a second where fifteen are on their way. While
 * a line of the room loses, pictures are kept for two rounds of asking again; on good lines for nothing.
 */
export const REPAIR_MS = 150
const LOSSY = 0.02
/** Reports without a loss (one a second) after which nothing is waited for any more. */
const CALM_REPORTS = 10

export class Patience {
  private calm = CALM_REPORTS

  /** A report came; milliseconds that pictures wait from now on, null for the browser's own choice. */
  heard(losses: readonly number[]): number | null {
    this.calm = losses.some((loss) => loss > LOSSY) ? 0 : this.calm + 1
    return this.calm < CALM_REPORTS ? REPAIR_MS : null
  }
}
