/** What a room adds to a scan that several look at: each other's hands on it. Elsewhere there is none. */
import { type Component, type InjectionKey, inject, provide } from 'vue'

/** One frame of one file: what a hand lies on. */
export interface Spot {
  instance: string
  frame: number
}

export interface Together {
  /** Says where one's own hand is, as shares of width and height. */
  point(spot: Spot, x: number, y: number): void
  away(): void
  /** Frames on which the others point now, with their names. */
  others(): readonly (Spot & { name: string })[]
  /** Draws their hands on one frame; takes `surface`, `width`, `height` and `unit`. */
  hands: Component
}

const KEY: InjectionKey<Together> = Symbol('scans together')
const NAME = /^scan\/([0-9a-f-]{36})\/(\d{1,6})$/

export const provideTogether = (together: Together): void => provide(KEY, together)
export const useTogether = (): Together | null => inject(KEY, null)

export const surfaceOf = ({ instance, frame }: Spot): string => `scan/${instance}/${frame}`

/** The frame that a surface is, if it is one. */
export function spotOf(surface: string): Spot | null {
  const [, instance, frame] = NAME.exec(surface) ?? []
  return instance === undefined ? null : { instance, frame: Number(frame) }
}
