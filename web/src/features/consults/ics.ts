/** Planned consultations as an iCalendar file (RFC 5545), for a calendar outside: times and houses, nobody's name. Pure. */
import type { Consult } from '@/shared/consults/types'

import { ends } from './week'

/** Octets of a line; a longer one goes on in the next, behind a space. */
const LINE = 75
const REMIND_MIN = 15

export interface IcsWords {
  /** 会诊, 急会诊. */
  title: Record<Consult['urgency'], string>
  /** Who says so, for the calendar's reader. */
  product: string
}

/** @param origin Where the pages are, `https://host`; each entry leads to its consultation, behind the login. */
export function calendarOf(consults: readonly Consult[], words: IcsWords, origin: string, now: number): string {
  const lines = ['BEGIN:VCALENDAR', 'VERSION:2.0', `PRODID:-//${text(words.product)}//ZH`, 'CALSCALE:GREGORIAN', 'METHOD:PUBLISH']
  for (const one of consults) if (one.planned_at) lines.push(...event(one, words, origin, now))
  return [...lines, 'END:VCALENDAR', ''].flatMap((line) => (line === '' ? [''] : folded(line))).join('\r\n')
}

function event(one: Consult, words: IcsWords, origin: string, now: number): string[] {
  const houses = [...new Set(one.invited.map((side) => side.facility?.short_name ?? side.group ?? '').filter(Boolean))].join('、')
  const title = `${words.title[one.urgency]} ${one.facility?.short_name ?? ''} → ${houses}`
  return [
    'BEGIN:VEVENT',
    `UID:${one.id}@${new URL(origin).hostname}`,
    `DTSTAMP:${utc(now)}`,
    `SEQUENCE:${one.version}`,
    `DTSTART:${utc(Date.parse(one.planned_at ?? ''))}`,
    `DTEND:${utc(ends(one))}`,
    `SUMMARY:${text(title)}`,
    `URL:${origin}/consults/${one.id}`,
    'CLASS:PRIVATE',
    'BEGIN:VALARM',
    'ACTION:DISPLAY',
    `DESCRIPTION:${text(title)}`,
    `TRIGGER:-PT${REMIND_MIN}M`,
    'END:VALARM',
    'END:VEVENT',
  ]
}

const utc = (ms: number): string => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '')
const text = (words: string): string => words.replace(/[\\;,]/g, '\\$&').replace(/\r?\n/g, '\\n')

/** A line in pieces of at most 75 octets, never through a character. */
function folded(line: string): string[] {
  const size = new TextEncoder()
  const pieces: string[] = []
  let piece = ''
  let octets = 0
  for (const letter of line) {
    const more = size.encode(letter).length
    if (octets + more > LINE) {
      pieces.push(piece)
      piece = ' '
      octets = 1
    }
    piece += letter
    octets += more
  }
  return [...pieces, piece]
}
