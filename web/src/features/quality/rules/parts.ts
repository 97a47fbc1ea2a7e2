/** Rules as lines of plain fields: what a page asks of each kind, and back to what is sent. */
export type Plain = Record<string, unknown>
export type Value = string | boolean | string[]
export type Line = Record<string, Value>

export interface Field {
  key: string
  kind: 'text' | 'long' | 'number' | 'numbers' | 'choice' | 'choices' | 'check' | 'columns'
  required?: boolean
  /** Values of a choice, and the words' place in the locale. */
  of?: readonly string[]
  words?: string
}

export interface Part {
  /** As in the content; `item` lies in sections. */
  part: 'deadline' | 'on_site' | 'weight' | 'obligation' | 'item' | 'rules'
  /** Lines may be added and removed. */
  open: boolean
  fields: Field[]
}

export interface Draft {
  head: Line
  lines: Record<string, Line[]>
}

const CONFIDENCE: Field = { key: 'confidence', kind: 'choice', of: ['V', 'S', 'B', 'I'], words: 'verify.confidence', required: true }
const SOURCE: Field = { key: 'source', kind: 'text', required: true }
const CODE: Field = { key: 'code', kind: 'text', required: true }
const NAMES: Field[] = [{ key: 'zh', kind: 'text', required: true }, { key: 'en', kind: 'text' }]
const TITLES: Field[] = [{ key: 'name.zh', kind: 'text', required: true }, { key: 'name.en', kind: 'text' }]
const numeric = (key: string, required = true): Field => ({ key, kind: 'number', required })

const ROUND: Part[] = [
  { part: 'deadline', open: false, fields: [...TITLES, numeric('month'), numeric('day'), SOURCE, CONFIDENCE] },
  {
    part: 'weight', open: true, fields: [
      CODE, numeric('weight', false), { key: 'scoring.method', kind: 'choice', of: ['', 'band', 'slope', 'proportion'], words: 'rounds.method_name' },
      numeric('scoring.first', false), numeric('scoring.second', false), SOURCE, CONFIDENCE,
    ],
  },
  {
    part: 'on_site', open: true, fields: [
      CODE, ...TITLES, { key: 'aspect', kind: 'choice', of: ['outcomes', 'system', 'centres'], words: 'quality.aspect', required: true },
      { key: 'look.zh', kind: 'long', required: true }, { key: 'look.en', kind: 'long' }, SOURCE, CONFIDENCE,
    ],
  },
]
const CALENDAR: Part[] = [
  {
    part: 'obligation', open: true, fields: [
      CODE, ...NAMES, { key: 'by', kind: 'choice', of: ['return', 'exercise'], words: 'rules.by', required: true }, { key: 'with', kind: 'text', required: true },
      { key: 'cadence', kind: 'choice', of: ['month', 'quarter', 'half_year', 'year'], words: 'obligations.cadence', required: true },
      numeric('due_month'), numeric('due_day'),
      { key: 'tiers', kind: 'choices', of: ['county', 'city', 'province', 'township'], words: 'obligations.tier', required: true },
      { key: 'roles', kind: 'choices', of: ['maternal_centre', 'neonatal_centre', 'mch_institute', 'midwifery'], words: 'obligations.role', required: true },
      SOURCE, CONFIDENCE, { ...CONFIDENCE, key: 'due_confidence' },
    ],
  },
]
const FORM: Part[] = [
  {
    part: 'item', open: true, fields: [
      { key: 'section', kind: 'text', required: true }, { key: 'section_en', kind: 'text' }, CODE, ...NAMES, numeric('points', false), { key: 'pulled', kind: 'text' },
      { key: 'ask', kind: 'choice', of: ['', 'text', 'date', 'table'], words: 'rules.ask' }, { key: 'required', kind: 'check' }, { key: 'columns', kind: 'columns' },
      SOURCE, CONFIDENCE,
    ],
  },
]

const AFTER_DEATH: Part[] = [
  {
    part: 'rules', open: true, fields: [
      CODE, ...NAMES, { key: 'step', kind: 'choice', of: ['report_county_mch', 'hospital_review', 'county_review'], words: 'rules.step', required: true },
      { key: 'who', kind: 'choices', of: ['mother', 'newborn', 'fetus'], words: 'rules.who', required: true },
      numeric('amount'), { key: 'unit', kind: 'choice', of: ['days', 'working_days', 'months'], words: 'rules.unit', required: true }, SOURCE, CONFIDENCE,
    ],
  },
]
const PARTS: Record<string, Part[]> = { round: ROUND, calendar: CALENDAR, after_death: AFTER_DEATH }

export function partsOf(kind: string): Part[] {
  return PARTS[kind] ?? FORM
}

export function headOf(kind: string): Field[] {
  if (kind === 'round') return [{ key: 'reminders.days', kind: 'numbers' }]
  if (kind === 'calendar') return [{ key: 'reminders.before_days', kind: 'numbers' }, { key: 'reminders.late_days', kind: 'numbers' }]
  if (kind === 'after_death') return [numeric('reminders.before_hours'), numeric('reminders.again_hours')]
  return [...NAMES, { key: 'annex', kind: 'text' }, SOURCE, CONFIDENCE, { ...CONFIDENCE, key: 'points_confidence' }]
}

function at(said: Plain, path: string): unknown {
  return path.split('.').reduce<unknown>((found, name) => (found as Plain | undefined)?.[name], said)
}

function put(said: Plain, path: string, value: unknown): void {
  const names = path.split('.')
  const last = names.pop() ?? ''
  let place = said
  for (const name of names) place = (place[name] ??= {}) as Plain
  place[last] = value
}

const ENDS: Record<string, readonly [string, string]> = { band: ['low', 'high'], slope: ['zero', 'full'], proportion: ['floor', 'full'] }

/** The two numbers of a method have names of their own on the wire. */
function wire(said: Plain, key: string): string {
  if (key !== 'scoring.first' && key !== 'scoring.second') return key
  const ends = ENDS[String(at(said, 'scoring.method') ?? '')]
  return ends === undefined ? key : `scoring.${ends[key === 'scoring.first' ? 0 : 1]}`
}

function shown(said: Plain, field: Field): Value {
  const value = at(said, wire(said, field.key))
  if (field.kind === 'check') return value === true
  if (field.kind === 'choices') return [...((value as string[] | undefined) ?? [])]
  if (field.kind === 'numbers') return ((value as number[] | undefined) ?? []).join(', ')
  if (field.kind === 'columns') return ((value as Plain[] | undefined) ?? []).map((one) => [one['code'], one['zh'], one['en']].join(' | ')).join('\n')
  return value === undefined || value === null ? '' : String(value)
}

function typed(field: Field, value: Value): unknown {
  if (field.kind === 'check' || field.kind === 'choices') return value
  const text = String(value).trim()
  if (field.kind === 'numbers') return text.split(/[,，、\s]+/).filter(Boolean).map(Number)
  if (field.kind === 'columns') {
    return text.split('\n').filter((one) => one.trim()).map((one) => {
      const [code = '', zh = '', en = ''] = one.split('|').map((word) => word.trim())
      return { code, zh, en }
    })
  }
  if (field.kind === 'number') return text === '' ? null : Number(text)
  return text === '' && (field.kind === 'choice' || ['pulled', 'annex', 'ask'].includes(field.key)) ? null : text
}

/** An empty line of a part. */
export function emptyLine(part: Part): Line {
  return Object.fromEntries(part.fields.map((one) => [one.key, one.kind === 'check' ? false : one.kind === 'choices' ? [] : '']))
}

export function draftOf(kind: string, content: Plain): Draft {
  const lines: Record<string, Line[]> = {}
  for (const part of partsOf(kind)) {
    lines[part.part] = rowsOf(content, part).map((row) => Object.fromEntries([...part.fields.map((one) => [one.key, shown(row, one)] as const), ['', JSON.stringify(row)]]))
  }
  return { head: Object.fromEntries(headOf(kind).map((one) => [one.key, shown(content, one)])), lines }
}

function rowsOf(content: Plain, part: Part): Plain[] {
  if (part.part !== 'item') return (content[part.part] as Plain[] | undefined) ?? []
  return (content['section'] as Plain[]).flatMap((section) => (section['item'] as Plain[]).map((item) => ({ section: section['zh'], section_en: section['en'], ...item })))
}

/** The content that is sent: what the page does not ask stays as it was. */
export function contentOf(kind: string, draft: Draft, before: Plain): Plain {
  const content = structuredClone(before)
  for (const field of headOf(kind)) put(content, field.key, typed(field, draft.head[field.key] ?? ''))
  for (const part of partsOf(kind)) {
    const rows = (draft.lines[part.part] ?? []).map((line) => rowOf(part, line))
    if (part.part === 'item') content['section'] = sections(rows)
    else content[part.part] = rows
  }
  return content
}

function rowOf(part: Part, line: Line): Plain {
  const row = JSON.parse(String(line[''] ?? '{}')) as Plain
  if (part.part === 'weight') return weightOf(part, line)
  for (const field of part.fields) put(row, field.key, typed(field, line[field.key] ?? ''))
  return row
}

function weightOf(part: Part, line: Line): Plain {
  const row: Plain = {}
  for (const field of part.fields) if (!field.key.startsWith('scoring.')) put(row, field.key, typed(field, line[field.key] ?? ''))
  const method = String(line['scoring.method'] ?? '')
  const ends = ENDS[method]
  if (ends === undefined) return { ...row, scoring: null }
  const number = (key: string) => (String(line[key] ?? '').trim() === '' ? null : Number(line[key]))
  return { ...row, scoring: { method, [ends[0]]: number('scoring.first'), [ends[1]]: number('scoring.second') } }
}

/** Lines that name one section after another lie in it. */
function sections(rows: Plain[]): Plain[] {
  const found: { zh: unknown; en: unknown; item: Plain[] }[] = []
  for (const { section, section_en, ...item } of rows) {
    const last = found.find((one) => one.zh === section)
    if (last) last.item.push(item)
    else found.push({ zh: section, en: section_en, item: [item] })
  }
  return found
}
