/** A year's holidays as people type them: one line per run of days. */
import type { SpecialDays } from '@/api/rosterSetup'

const LINE = /^(holiday|workday|放假|上班)\s+(\S+)\s+(\d{4}-\d{2}-\d{2})(?:\s*(?:~|～|至|to)\s*(\d{4}-\d{2}-\d{2}))?$/
const KINDS: Record<string, SpecialDays['kind']> = {
  holiday: 'holiday',
  放假: 'holiday',
  workday: 'adjusted_workday',
  上班: 'adjusted_workday',
}

/** The days, or the first line that cannot be read. */
export function read(text: string): { days: SpecialDays[]; wrong: string | null } {
  const days: SpecialDays[] = []
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '') continue
    const [, word, name, from, to] = LINE.exec(line) ?? []
    const kind = KINDS[word ?? '']
    if (kind === undefined || name === undefined || from === undefined) return { days: [], wrong: line }
    days.push({ kind, name, from, to: to ?? from })
  }
  return { days, wrong: null }
}

/** The same days as lines, to be changed and read again. */
export function write(days: SpecialDays[]): string {
  return days
    .map(({ kind, name, from, to }) => `${kind === 'holiday' ? '放假' : '上班'} ${name} ${from}${to === from ? '' : ` ~ ${to}`}`)
    .join('\n')
}
