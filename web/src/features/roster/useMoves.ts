/** Duties taken from cell to cell by mouse, finger or keyboard: one way to hold, one to drop. */
import { type ComputedRef, type Ref, computed, ref, watch } from 'vue'

import { useLang } from '@/shared/i18n'

import { type Changes, clearing, moving, putting } from './edits'
import { type Cell, cellKey } from './grid'
import type { Candidate, RosterSlot, Shift } from './types'
import type { KeyStep } from './useCellKeys'
import { type Dragging, useDrag } from './useDrag'
import { useWords } from './words'

export type Held = { candidate: Candidate } | { shift: Shift; date: string }

interface Carried {
  shift: Shift
  date: string
  over: string
}

export interface Moves {
  dragging: Ref<Dragging<Held> | null>
  start(event: PointerEvent, held: Held): void
  carrying: ComputedRef<boolean>
  /** The cell on which what is held would be dropped. */
  over: ComputedRef<string | null>
  /** What has just happened, for those who listen. */
  note: Ref<string>
  keyed(step: KeyStep, at: Cell): void
  /** What is carried goes back to where it was. */
  back(): void
}

const person = (held: Held) => ('candidate' in held ? held.candidate.person : held.shift.person)

export function useMoves(slots: Ref<Map<string, RosterSlot>>, apply: (changes: Changes) => Promise<boolean>): Moves {
  const { t } = useLang()
  const words = useWords()
  const carried = ref<Carried | null>(null)
  const note = ref('')

  function cellName(key: string): string {
    const [slotId = '', date = ''] = key.split('@')
    const slot = slots.value.get(slotId)
    return slot === undefined ? words.day(date) : `${words.day(date)} ${words.slot(slot)}`
  }

  const say = (what: string, held: Held, cell: string): void => {
    note.value = t(`roster.move.${what}`, { who: person(held).name, cell: cellName(cell) })
  }

  async function drop(held: Held, key: string): Promise<void> {
    const [slotId, date] = key.split('@')
    if (slotId === undefined || date === undefined) return
    if ('shift' in held && cellKey(held.shift.slot_id, held.date) === key) {
      say('back', held, key)
      return
    }
    const changes = 'candidate' in held ? putting(slotId, held.candidate.person.id, date) : moving(held.shift, held.date, { slotId, date })
    say((await apply(changes)) ? 'dropped' : 'refused', held, key)
  }

  const { dragging, start } = useDrag<Held>((held, key) => void drop(held, key))

  watch(
    () => dragging.value?.what,
    (held) => {
      if (held !== undefined && dragging.value !== null) note.value = t('roster.move.grabbed', { who: dragging.value.label })
    },
  )

  function pick(at: Cell): void {
    const piece = at.pieces.find((one) => one.shift.draft)
    if (piece === undefined) return
    carried.value = { shift: piece.shift, date: at.date, over: at.key }
    say('picked', carried.value, at.key)
  }

  function back(): void {
    const held = carried.value
    carried.value = null
    if (held !== null) say('back', held, cellKey(held.shift.slot_id, held.date))
  }

  function put(at: Cell): void {
    const held = carried.value
    carried.value = null
    if (held !== null) void drop(held, at.key)
  }

  async function clear(at: Cell): Promise<void> {
    const piece = at.pieces.find((one) => one.shift.draft)
    if (piece !== undefined && (await apply(clearing(piece.shift, at.date)))) say('cleared', { shift: piece.shift, date: at.date }, at.key)
  }

  function carry(at: Cell): void {
    if (carried.value === null) return
    carried.value = { ...carried.value, over: at.key }
    say('over', carried.value, at.key)
  }

  const STEPS: Record<KeyStep, (at: Cell) => void> = { pick, over: carry, drop: put, back, clear: (at) => void clear(at) }

  return {
    dragging,
    start(event, held) {
      back()
      start(event, held, person(held).name)
    },
    carrying: computed(() => carried.value !== null),
    over: computed(() => dragging.value?.over ?? carried.value?.over ?? null),
    note,
    keyed: (step, at) => STEPS[step](at),
    back,
  }
}
