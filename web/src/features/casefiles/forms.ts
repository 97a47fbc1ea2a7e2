/**
 * What each action on a file asks for, and how it is entered. An action without an entry asks for
 * nothing but the press.
 */
import type { FileAction } from '@/api/caseFiles'

export type FieldKind = 'short' | 'long' | 'text' | 'choice' | 'date' | 'moment' | 'facility' | 'colleague' | 'vitals' | 'password'

export interface Field {
  name: string
  kind: FieldKind
  options?: readonly string[]
  required?: boolean
  /** Only asked when another field has one of these values. */
  when?: { field: string; values: readonly string[] }
}

export type Values = Record<string, unknown>

const need = (name: string, kind: FieldKind, more: Partial<Field> = {}): Field => ({ name, kind, required: true, ...more })
const may = (name: string, kind: FieldKind, more: Partial<Field> = {}): Field => ({ name, kind, ...more })
const when = (...values: string[]): Partial<Field> => ({ when: { field: 'outcome', values } })

export const FORMS: Record<string, readonly Field[]> = {
  'file.draft_plan': [need('management', 'text'), need('treatment', 'text'), need('emergency', 'text')],
  'file.comment_plan': [need('text', 'long')],
  'file.sign_plan': [need('password', 'password')],
  'file.add_task': [need('text', 'long'), need('due_at', 'moment')],
  'file.add_note': [need('text', 'long')],
  'file.propose_handover': [need('facility_id', 'facility'), need('reason', 'long')],
  'file.assign': [need('owner_id', 'colleague'), need('reason', 'short')],
  'file.follow_up': followUp(),
  'task.do': followUp(),
  'task.cancel': [need('reason', 'short')],
  'report.submit': [need('factors', 'long'), need('handling', 'long'), may('remark', 'short')],
  'report.receive': [may('note', 'short')],
  'report.return': [need('reason', 'long')],
  'handover.accept': [may('owner_id', 'colleague')],
  'handover.decline': [need('reason', 'long')],
  'handover.withdraw': [need('reason', 'short')],
  'file.close': [
    need('outcome', 'choice', { options: ['postpartum_42d', 'ended_early', 'resolved', 'moved_away', 'lost', 'died', 'other'] }),
    need('delivered_at', 'date', when('postpartum_42d')),
    need('delivered_place', 'short', when('postpartum_42d')),
    need('delivery_way', 'choice', { options: ['vaginal', 'instrumental', 'caesarean'], ...when('postpartum_42d') }),
    need('maternal', 'choice', {
      options: ['well', 'complications', 'still_treated', 'died'],
      ...when('postpartum_42d', 'ended_early', 'died'),
    }),
    need('neonatal', 'choice', {
      options: ['alive_well', 'alive_treated', 'stillbirth', 'neonatal_death', 'not_applicable'],
      ...when('postpartum_42d', 'died'),
    }),
    need('moved_to', 'short', when('moved_away')),
    need('efforts', 'long', when('lost')),
    need('reason', 'long'),
  ],
}

function followUp(): Field[] {
  return [
    need('way', 'choice', { options: ['face_to_face', 'home_visit', 'outpatient', 'inpatient', 'phone', 'video'] }),
    need('place', 'short'),
    may('vitals', 'vitals'),
    may('fetal_movement', 'choice', { options: ['normal', 'reduced', 'absent', 'not_applicable'] }),
    may('oedema', 'choice', { options: ['none', 'mild', 'marked'] }),
    may('adherence', 'choice', { options: ['good', 'partial', 'refuses'] }),
    need('findings', 'long'),
    need('advice', 'long'),
    may('next_at', 'moment'),
  ]
}

/** The fields that the values so far leave open. */
export function fieldsOf(action: Pick<FileAction, 'machine' | 'action'>, values: Values): Field[] {
  const all = FORMS[`${action.machine}.${action.action}`] ?? []
  return all.filter((field) => field.when === undefined || field.when.values.includes(String(values[field.when.field] ?? '')))
}

export function isFilled(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false
  return typeof value !== 'object' || Object.values(value as object).some(isFilled)
}

export function missing(fields: readonly Field[], values: Values): string[] {
  return fields.filter((field) => field.required === true && !isFilled(values[field.name])).map((field) => field.name)
}

/** What is posted: empty fields are left out, so that nothing is recorded that nobody entered. */
export function bodyOf(fields: readonly Field[], values: Values): Values {
  const body: Values = {}
  for (const field of fields) {
    const value = values[field.name]
    if (!isFilled(value)) continue
    if (field.kind === 'moment') body[field.name] = new Date(String(value)).toISOString()
    else if (field.kind === 'vitals') body[field.name] = Object.fromEntries(Object.entries(value as object).filter(([, inner]) => isFilled(inner)))
    else body[field.name] = typeof value === 'string' ? value.trim() : value
  }
  return body
}
