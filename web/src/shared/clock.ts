/** The one clock of this page. Every "now" on a screen comes from here, corrected by the server. */
import { ServerClock } from '@/stream/clock'

export const serverClock = new ServerClock()

export function serverNow(): number {
  return serverClock.now()
}
