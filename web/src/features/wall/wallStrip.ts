/** One place on the wall: a monitor, the recording it makes now, its samples, state and alarms. */
import { type ShallowRef, shallowRef } from 'vue'

import type { components } from '@/api/schema'
import type { StoredFrames } from '@/shared/storedFrames'
import type { WatchClient, WatchEvent } from '@/stream/watch'
import { type FeedClock, StripFeed } from '@/strip/feed'
import { type HeardFetus, type Labels, heardFetuses, labelsOf } from '@/strip/fetuses'
import type { StripStatus } from '@/strip/status'

import { type StripAlarm, alarmRank, readAlarm, sorted, withAlarm } from './alarms'
import type { Rank } from './order'
import { type TileState, TROUBLED, tileState } from './tileState'

export type StripInfo = components['schemas']['WallStripOut']

export interface StripSources {
  watch: Pick<WatchClient, 'watch'>
  stored: StoredFrames
  clock: FeedClock
}

/** What a cell can show at first, seconds; the enlarged strip asks for more. */
const FIRST_SECONDS = 1_200
const KEPT_SECONDS = 4_096
/** An hour of silence is drawn as an hour of gap. */
const RUN_ON_SECONDS = 3_600

export class WallStrip {
  readonly key: string
  readonly info: ShallowRef<StripInfo>
  readonly status: ShallowRef<StripStatus>
  readonly alarms: ShallowRef<readonly StripAlarm[]> = shallowRef([])
  readonly feed: StripFeed
  /** Whom fhr1, fhr2 and fhr3 hear, by the newest binding. */
  labels: Labels
  /** What is missing in these last seconds makes the state. */
  private spanSeconds = 0
  private stop: () => void
  private over = false

  constructor(info: StripInfo, private readonly sources: StripSources) {
    this.key = info.device
    this.info = shallowRef(info)
    this.labels = labelsOf(info.fetuses)
    this.feed = new StripFeed({
      clock: sources.clock,
      seconds: KEPT_SECONDS,
      runOnSeconds: RUN_ON_SECONDS,
      onChange: () => this.second(),
      onMissed: (from, to) => void this.fetch(from, to),
    })
    this.status = shallowRef(this.feed.status())
    this.stop = this.start()
  }

  get state(): TileState {
    return tileState(this.status.value, this.missingSeconds)
  }

  /** Those that are heard, with their newest rates. */
  get fetuses(): HeardFetus[] {
    return heardFetuses(this.feed.ring, this.status.value, this.labels)
  }

  /** Seconds missing in what the cell shows. */
  get missingSeconds(): number {
    const { ring } = this.feed
    return ring.missingSeconds(Math.max(ring.firstSeq, ring.lastSeq - Math.ceil(this.spanSeconds)), ring.lastSeq)
  }

  get rank(): Rank {
    return alarmRank(this.alarms.value) ?? (TROUBLED.includes(this.state) ? 3 : 4)
  }

  /** The list of the wall came anew: the same monitor may have begun another recording. */
  follow(info: StripInfo): void {
    const another = info.recording !== this.info.value.recording
    this.info.value = info
    this.labels = labelsOf(info.fetuses)
    if (!another) {
      if (info.closed_at !== null) this.feed.ended()
      return
    }
    this.stop()
    this.feed.reset()
    this.alarms.value = []
    this.stop = this.start()
  }

  second(): void {
    // The feed speaks while it is being made.
    if (!this.over && (this.status as ShallowRef<StripStatus> | undefined) !== undefined) this.status.value = this.feed.status()
  }

  /** The cell was given a size: it shows so many seconds. */
  shows(seconds: number): void {
    this.spanSeconds = seconds
  }

  /** Takes what lies further back, for the enlarged strip. */
  reachBack(seconds: number): Promise<boolean> {
    const { ring } = this.feed
    return this.fetch(Math.max(1, ring.lastSeq - seconds), ring.firstSeq - 1)
  }

  dispose(): void {
    this.over = true
    this.stop()
  }

  private fetch(from: number, to: number): Promise<boolean> {
    return this.sources.stored.fetch(this.info.value.recording, from, to, this.feed.onStored)
  }

  private start(): () => void {
    return this.sources.watch.watch(this.info.value.recording, () => this.feed.secondsToAsk(FIRST_SECONDS), {
      onFrame: this.feed.onFrame,
      onEvent: (event) => this.hear(event),
      onLink: this.feed.onLink,
    })
  }

  private hear(event: WatchEvent): void {
    this.feed.onEvent(event)
    const said = event['alarms']
    if (event.type === 'subscribed' && Array.isArray(said)) {
      this.alarms.value = sorted(said.map(readAlarm).filter((alarm) => alarm !== null))
    }
    if (event.type !== 'alarm') return
    const alarm = readAlarm(event['alarm'] ?? event)
    if (alarm !== null) this.alarms.value = withAlarm(this.alarms.value, alarm)
  }
}
