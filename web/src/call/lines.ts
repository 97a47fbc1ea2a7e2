/** Which line a ticket is for. Foreign engines' are loaded where an installation uses them. */
import type { Events, Line } from './line'
import type { Ticket } from './messages'
import { WorkerLine } from './worker'

export async function openLine(ticket: Ticket, events: Events): Promise<Line> {
  if (ticket.engine === 'janus') return new (await import('./janus')).JanusLine(ticket, events)
  if (ticket.engine === 'livekit') return new (await import('./livekit')).LiveKitLine(ticket, events)
  return new WorkerLine(ticket, events)
}
