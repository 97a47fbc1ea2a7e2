/** Where tickets come from: after every loss another one, over a line that may still be dead. */
import { api } from '../api/client'
import type { Ticket } from './messages'

/**
 * Given up no sooner than any other request: a browser goes on with the connection of one that was given up,
 * six at most to one server, and then waits until the newest of those tries again, ever more rarely.
 *
 * @param path gives one ticket for each POST.
 */
export function ticketFrom(path: string): Promise<Ticket> {
  return api.post<Ticket>(path)
}
