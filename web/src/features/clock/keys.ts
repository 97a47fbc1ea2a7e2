/**
 * The big clock's keyboard: pure. A key and what the page shows become the next question, or an act.
 *
 * 1–9 record a moment; while something is asked they choose an answer. Nothing else is needed, so
 * that one hand is enough; the space bar alone walks through the moments in their usual order.
 */
import { ANAESTHESIA, CLASSES, PLACES } from '@/shared/clocks/said'

export type Question = 'urgency_class' | 'place' | 'anaesthesia' | 'not_needed'

/** What is being asked before something is written. */
export interface Asking {
  /** The milestone, or the prompt that is spared. */
  about: string
  question: Question
  said: Record<string, unknown>
}

export interface Board {
  keys: readonly string[]
  reached: ReadonlySet<string>
  /** The prompt that waits for an answer. */
  prompt: string | null
  /** Coded reasons that need no words: nobody types here. */
  reasons: readonly string[]
  undo: number | null
  own: string | null
  /** Nothing may be written: ended, or only watched. */
  locked: boolean
}

export type Effect =
  | { act: 'record'; kind: string; said: Record<string, unknown> }
  | { act: 'prompt'; prompt: string; answer: 'yes' | 'not_needed'; code?: string }
  | { act: 'undo'; seq: number }
  | { act: 'own'; interval: string }
  | { act: 'next_set' }
  | { act: 'leave' }
  /** It was recorded before: the page says so. */
  | { act: 'already'; kind: string }

export interface Pressed {
  asking: Asking | null
  effect: Effect | null
}

const FIRST: Record<string, Question> = { decision_for_cs: 'urgency_class', anaesthesia_started: 'anaesthesia' }
const THEN: Partial<Record<Question, Question>> = { urgency_class: 'place' }
/** May stay unanswered; the moment itself is what counts. */
const OPTIONAL: readonly Question[] = ['place', 'anaesthesia']

export function optional(question: Question): boolean {
  return OPTIONAL.includes(question)
}

export function optionsOf(question: Question, board: Pick<Board, 'reasons'>): readonly string[] {
  switch (question) {
    case 'urgency_class':
      return CLASSES
    case 'place':
      return PLACES
    case 'anaesthesia':
      return ANAESTHESIA
    case 'not_needed':
      return board.reasons.slice(0, 9)
  }
}

/** The first moment not recorded yet: what the space bar records. */
export function nextKey(board: Pick<Board, 'keys' | 'reached'>): string | undefined {
  return board.keys.find((name) => !board.reached.has(name))
}

export function press(key: string, asking: Asking | null, board: Board): Pressed {
  if (asking !== null) return answer(key, asking, board)
  if (key === 'Escape') return act({ act: 'leave' })
  if (key === '0' || key === 'ArrowRight') return act({ act: 'next_set' })
  if (board.locked) return NOTHING
  if (key === ' ') return moment(nextKey(board), board)
  if (/^[1-9]$/.test(key)) return moment(board.keys[Number(key) - 1], board)
  switch (key.toLowerCase()) {
    case 'y':
      return board.prompt === null ? NOTHING : act({ act: 'prompt', prompt: board.prompt, answer: 'yes' })
    case 'n':
      return board.prompt === null ? NOTHING : ask({ about: board.prompt, question: 'not_needed', said: {} })
    case 'z':
    case 'backspace':
      return board.undo === null ? NOTHING : act({ act: 'undo', seq: board.undo })
    case 'o':
      return board.own === null ? NOTHING : act({ act: 'own', interval: board.own })
  }
  return NOTHING
}

/** Nobody answered an optional question in time: the moment is recorded without it. */
export function skip(asking: Asking): Pressed {
  return optional(asking.question) ? act({ act: 'record', kind: asking.about, said: asking.said }) : ask(asking)
}

const NOTHING: Pressed = { asking: null, effect: null }
const act = (effect: Effect): Pressed => ({ asking: null, effect })
const ask = (asking: Asking): Pressed => ({ asking, effect: null })

function moment(kind: string | undefined, board: Board): Pressed {
  if (kind === undefined) return NOTHING
  if (board.reached.has(kind)) return act({ act: 'already', kind })
  const question = FIRST[kind]
  if (question !== undefined) return ask({ about: kind, question, said: {} })
  return act({ act: 'record', kind, said: {} })
}

function answer(key: string, asking: Asking, board: Board): Pressed {
  if (key === 'Escape') return NOTHING
  if (key === '0' || key === 'Enter') return skip(asking)
  const chosen = /^[1-9]$/.test(key) ? optionsOf(asking.question, board)[Number(key) - 1] : undefined
  if (chosen === undefined) return ask(asking)
  if (asking.question === 'not_needed') {
    return act({ act: 'prompt', prompt: asking.about, answer: 'not_needed', code: chosen })
  }
  const value = asking.question === 'urgency_class' ? Number(chosen) : chosen
  const said = { ...asking.said, [asking.question]: value }
  const next = THEN[asking.question]
  if (next !== undefined) return ask({ about: asking.about, question: next, said })
  return act({ act: 'record', kind: asking.about, said })
}
