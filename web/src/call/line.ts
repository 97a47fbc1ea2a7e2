/**
 * One way into a room, for one ticket: it joins, sends, receives, and ends with a word.
 *
 * Each engine has a line of its own; `CallClient` makes another one after every loss and knows no engine.
 */
import type { Ending, FromLine, Layer, Source } from './messages'

export type Key = `${string}/${Source}`
export type Tracks = ReadonlyMap<Source, MediaStreamTrack>

/** What a line tells; nothing any more once it is closed. */
export interface Events {
  heard(message: FromLine): void
  /** Streams came or went. */
  changed(): void
  over(ending: Ending): void
}

export interface Line {
  /** Enter; why not, or null. Sends and wishes are taken before it, and carried out after it. */
  join(): Promise<Ending | null>
  /** Send these sources and no other. */
  send(tracks: Tracks): void
  mute(source: Source, muted: boolean): void
  show(key: Key, layer: Layer): void
  say(topic: string, data: unknown): void
  /** Close with a good-bye, which may go on being said when all else is over; also where the line is closed already. */
  leave(): void
  stream(key: Key): MediaStream | null
  /** How loud everybody was since the last question, 0 to 1: by what is heard, not by what is said. */
  loudness(): Promise<Map<Key, number>>
  /** So long pictures wait for packets that are sent again; null as the browser likes. */
  wait(ms: number | null): void
  close(): void
}
