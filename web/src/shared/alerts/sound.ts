/**
 * Alarm sounds from the browser's synthesiser: no files, so nothing to fail to load at night.
 *
 * Bursts follow IEC 60601-1-8 table 3: high priority ten pulses (3+2, twice), medium three, low
 * two, with increasing spacing. A browser is silent until a gesture, so `unlock` must be called
 * from a click, and the result is shown.
 */
import type { Priority } from './state'

export type Voice = 'page' | 'ctg' | 'message' | 'test'
export type SoundState = 'locked' | 'ready' | 'unsupported'

interface Pulse {
  atMs: number
  hz: number
  ms: number
}

export interface Burst {
  pulses: readonly Pulse[]
  /** From the start of one burst to the start of the next; 0 = once. */
  everyMs: number
}

const PULSE_MS = 150

function pulses(starts: readonly number[], tones: readonly number[]): Pulse[] {
  return starts.map((atMs, i) => ({ atMs, hz: tones[i % tones.length] ?? 880, ms: PULSE_MS }))
}

const HIGH = [0, 220, 440, 860, 1080, 1800, 2020, 2240, 2660, 2880]
const MEDIUM = [0, 260, 520]
const LOW = [0, 320]
/** Different melodies, so that ears tell a call from a strip alarm from a message. */
const PAGE_TONES = [784, 988, 1175]
const CTG_TONES = [523, 659, 784, 523, 1047]

export function burst(voice: Voice, priority: Priority): Burst {
  if (voice === 'message') return { pulses: pulses([0], [660]), everyMs: 0 }
  if (voice === 'test') return { pulses: pulses([0, 220, 440], PAGE_TONES), everyMs: 0 }
  const tones = voice === 'page' ? PAGE_TONES : CTG_TONES
  if (priority === 'high') return { pulses: pulses(HIGH, tones), everyMs: 5_000 }
  if (priority === 'medium') return { pulses: pulses(MEDIUM, tones), everyMs: 7_500 }
  return { pulses: pulses(LOW, tones), everyMs: 20_000 }
}

export class AlarmSound {
  private context: AudioContext | null = null
  private timer: ReturnType<typeof setInterval> | null = null
  private ringing = ''

  constructor(
    private readonly make: () => AudioContext | null = newContext,
    private readonly onState: (state: SoundState) => void = () => undefined,
  ) {}

  get state(): SoundState {
    if (this.context === null) return 'locked'
    return this.context.state === 'running' ? 'ready' : 'locked'
  }

  /** Call from a click. True when sound will be heard (volume is beyond the browser's knowledge). */
  async unlock(): Promise<boolean> {
    this.context ??= this.make()
    if (this.context === null) {
      this.onState('unsupported')
      return false
    }
    this.context.onstatechange = () => this.onState(this.state)
    try {
      await this.context.resume()
    } catch {
      // Refused by the browser: the state below says so.
    }
    this.onState(this.state)
    return this.state === 'ready'
  }

  once(voice: Voice, priority: Priority = 'low'): void {
    this.play(burst(voice, priority))
  }

  /** Repeats until `silence`; the same call again does not restart the rhythm. */
  ring(voice: Voice, priority: Priority): void {
    const wanted = `${voice}/${priority}`
    if (this.ringing === wanted) return
    this.silence()
    this.ringing = wanted
    const sound = burst(voice, priority)
    this.play(sound)
    this.timer = setInterval(() => this.play(sound), sound.everyMs)
  }

  silence(): void {
    if (this.timer !== null) clearInterval(this.timer)
    this.timer = null
    this.ringing = ''
  }

  /** The page goes: silence, and the loudspeaker is given back. */
  dispose(): void {
    this.silence()
    void this.context?.close()
    this.context = null
  }

  private play(sound: Burst): void {
    const context = this.context
    if (context === null || context.state !== 'running') return
    const start = context.currentTime + 0.02
    for (const pulse of sound.pulses) tone(context, start + pulse.atMs / 1000, pulse)
  }
}

/** One pulse with soft edges; a square-ish timbre carries through a corridor better than a sine. */
function tone(context: AudioContext, at: number, pulse: Pulse): void {
  const oscillator = context.createOscillator()
  const gain = context.createGain()
  oscillator.type = 'triangle'
  oscillator.frequency.value = pulse.hz
  gain.gain.setValueAtTime(0, at)
  gain.gain.linearRampToValueAtTime(0.6, at + 0.015)
  gain.gain.setValueAtTime(0.6, at + pulse.ms / 1000 - 0.03)
  gain.gain.linearRampToValueAtTime(0, at + pulse.ms / 1000)
  oscillator.connect(gain).connect(context.destination)
  oscillator.start(at)
  oscillator.stop(at + pulse.ms / 1000 + 0.01)
}

function newContext(): AudioContext | null {
  return typeof AudioContext === 'undefined' ? null : new AudioContext()
}
