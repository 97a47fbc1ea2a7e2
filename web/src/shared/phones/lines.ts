/** What a telephone list says at a moment, worked out without a screen. */
import type { PhoneBook, PhoneEntry } from './types'

/** Desks stay in front; somebody on call at several places is printed once, with all of them. */
export interface PhoneLine {
  entry: PhoneEntry
  posts: { tier: string; specialty: string }[]
}

export function phoneLines(entries: readonly PhoneEntry[]): PhoneLine[] {
  const lines: PhoneLine[] = []
  for (const entry of entries) {
    const post = entry.tier !== null && entry.specialty !== null ? [{ tier: entry.tier, specialty: entry.specialty }] : []
    const known = entry.person === null ? undefined : lines.find((line) => line.entry.person === entry.person && line.entry.phone === entry.phone)
    if (known === undefined) lines.push({ entry, posts: post })
    else known.posts.push(...post)
  }
  return lines
}

/** Whoever was on call when the list was made and no longer is, is not called by an old copy. */
export function stillOnCall(entries: readonly PhoneEntry[], nowMs: number): PhoneEntry[] {
  return entries.filter((entry) => entry.until == null || Date.parse(entry.until) > nowMs)
}

export interface CallFirst {
  place: string
  label: string
  phone: string
}

/** The few numbers to stand on a strip: the first centre's desks, then its people of the first line. */
export function callFirst(book: PhoneBook, nowMs: number, at: number): CallFirst[] {
  const first = book.places.find((place) => place.relation !== 'own') ?? book.places[0]
  if (first === undefined) return []
  const now = stillOnCall(first.list.entries, nowMs)
  const line = now.filter((entry) => entry.tier === 'first' && entry.specialty === 'obstetrics')
  return [...now.filter((entry) => entry.person === null), ...line]
    .slice(0, at)
    .map((entry) => ({ place: first.list.facility, label: entry.person ?? entry.label, phone: entry.phone }))
}

/** The book without anybody's own number: what a device may keep once nobody is signed in. */
export function withoutPeople(book: PhoneBook): PhoneBook {
  return {
    ...book,
    places: book.places.map((place) => ({
      ...place,
      list: { ...place.list, entries: place.list.entries.filter((entry) => entry.person === null) },
    })),
  }
}
