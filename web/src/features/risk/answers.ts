/** From what is ticked and typed to the answers that are recorded. */
import type { Answer, Group, Question, Values } from './types'

export interface Section {
  group: Group
  questions: Question[]
  /** Every question here is an optional item of the table. */
  optional: boolean
}

/** Questions under their headings, in the table's order; what is mandatory comes first. */
export function sections(questions: readonly Question[], groups: readonly Group[]): Section[] {
  const found = groups
    .map((group) => {
      const mine = questions.filter((question) => question.group === group.group)
      const measured = mine.filter((question) => question.kind !== 'boolean')
      return {
        group,
        questions: [...measured, ...mine.filter((question) => question.kind === 'boolean')],
        optional: mine.every((question) => question.optional),
      }
    })
    .filter((section) => section.questions.length > 0)
  return [...found.filter((section) => !section.optional), ...found.filter((section) => section.optional)]
}

const measured = (value: boolean | number | '' | undefined): value is number => typeof value === 'number'

export function chosen(questions: readonly Question[], values: Values): number {
  return questions.filter((question) => values[question.fact] === true).length
}

/** Only what somebody ticked or typed. */
export function filled(questions: readonly Question[], values: Values): Answer[] {
  return questions.flatMap((question): Answer[] => {
    const value = values[question.fact]
    if (question.kind === 'boolean') return value === true ? [{ fact: question.fact, value: true, method: 'asked' }] : []
    return measured(value) ? [{ fact: question.fact, value, method: 'asked' }] : []
  })
}

/** What was ticked, and no to everything else that this heading lists. */
export function restIsNo(questions: readonly Question[], values: Values): Answer[] {
  const no = questions
    .filter((question) => question.kind === 'boolean' && values[question.fact] !== true)
    .map((question): Answer => ({ fact: question.fact, value: false, method: 'none_of_group' }))
  return [...filled(questions, values), ...no]
}

/** Optional items that nobody filled in: declared not done, each by name. */
export function notDone(questions: readonly Question[], values: Values): Answer[] {
  const open = questions.filter((question) => question.optional && values[question.fact] !== true && !measured(values[question.fact]))
  return [...filled(questions, values), ...open.map((question): Answer => ({ fact: question.fact, value: 'not_done', method: 'asked' }))]
}
