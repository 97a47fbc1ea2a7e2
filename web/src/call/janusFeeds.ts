/** What Janus says of those who publish, as the room needs it. Pure. */
import type { Key } from './line'
import type { Layer, Source } from './messages'

export interface Feed {
  /** The participant. */
  id: string
  /** Sections that are sent, the data channel among them. */
  mids: string[]
  sources: { source: Source; mid: string; moderated: boolean }[]
}

interface Stream {
  type: string
  mid: string
  description?: string
  disabled?: boolean
  moderated?: boolean
}

/** Those who publish, with what an event says anew. */
export function feedsOf(before: readonly Feed[], data: Record<string, unknown>): Feed[] {
  const said = ((data['publishers'] ?? []) as { id: string; streams?: Stream[] }[]).map(({ id, streams }) => {
    const sent = (streams ?? []).filter((one) => one.disabled !== true)
    return {
      id,
      mids: sent.map((one) => one.mid),
      sources: sent.flatMap((one) => (one.description ? [{ source: one.description as Source, mid: one.mid, moderated: one.moderated === true }] : [])),
    }
  })
  const anew = new Set(said.map(({ id }) => id))
  const kept = before.filter(({ id }) => !anew.has(id)).map((one) => moderated(one, data))
  return [...kept, ...said]
}

function moderated(feed: Feed, data: Record<string, unknown>): Feed {
  if (data['moderation'] === undefined || data['id'] !== feed.id) return feed
  return { ...feed, sources: feed.sources.map((one) => (one.mid === data['mid'] ? { ...one, moderated: data['moderation'] === 'muted' } : one)) }
}

export function without(feeds: readonly Feed[], id: string): Feed[] {
  return feeds.filter((one) => one.id !== id)
}

/** Whose source each section of what we are sent is. */
export function keysOf(streams: unknown): Map<string, Key> {
  const said = (streams ?? []) as { mid: string; feed_id?: string; feed_description?: string; active?: boolean }[]
  return new Map(
    said.flatMap(({ mid, feed_id: feed, feed_description: source, active }) =>
      feed && source && active !== false ? [[mid, `${feed}/${source as Source}`] as const] : [],
    ),
  )
}

/** How Janus is told the size at which a picture is shown. */
export function substreamOf(layer: Layer): { send: boolean; substream?: number } {
  return layer === 'off' ? { send: false } : { send: true, substream: layer === 'high' ? 1 : 0 }
}
