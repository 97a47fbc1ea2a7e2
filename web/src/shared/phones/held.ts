/**
 * What this device may hold of the phone book, and for whom.
 *
 * The service worker keeps the last answer. Desks are the hospital's own lines: they stay. People's
 * numbers are for clinicians: they go when the session ends, by whatever way it ends.
 */
import { withoutPeople } from './lines'
import type { PhoneBook } from './types'

export const BOOK_PATH = '/api/duty/phone-book'
/** The same name as in public/sw.js. */
const CACHE = 'ys-phones'

/** Drop people's numbers from this device; where nothing can be held, nothing is. */
export async function forgetPeople(): Promise<void> {
  if (!('caches' in globalThis)) return
  const cache = await caches.open(CACHE)
  const held = await cache.match(BOOK_PATH)
  if (held === undefined) return
  const book = withoutPeople((await held.json()) as PhoneBook)
  await cache.put(BOOK_PATH, new Response(JSON.stringify(book), { headers: { 'Content-Type': 'application/json' } }))
}
