/** What an event of a case is called. */
import type { TimelineEvent } from '@/api/course'

import { useLang } from '../i18n'
import { useClockWords } from './catalogue'

const MILESTONE = 'milestone.'

/** Names an event in the reader's language; one that has no words yet by its code. */
export function useEventWords(): (event: Pick<TimelineEvent, 'kind'>) => string {
  const { word } = useLang()
  const { milestone } = useClockWords()
  return ({ kind }) => (kind.startsWith(MILESTONE) ? milestone(kind.slice(MILESTONE.length)) : word(`case.event.${kind}`, kind))
}
