/** The forms as data: which fields, in which order, and how each is entered. */

export type SheetKind = 'line' | 'text' | 'number' | 'choice' | 'many' | 'date' | 'moment'

export interface SheetField {
  name: string
  kind: SheetKind
  options?: readonly string[]
  min?: number
  max?: number
  step?: number
  unit?: string
}

export interface Section {
  name: string
  fields: readonly SheetField[]
}

export type Sheet = Record<string, unknown>

const line = (name: string): SheetField => ({ name, kind: 'line' })
const text = (name: string): SheetField => ({ name, kind: 'text' })
const date = (name: string): SheetField => ({ name, kind: 'date' })
const moment = (name: string): SheetField => ({ name, kind: 'moment' })
const choice = (name: string, ...options: string[]): SheetField => ({ name, kind: 'choice', options })
const many = (name: string, ...options: string[]): SheetField => ({ name, kind: 'many', options })
const number = (name: string, unit: string, min: number, max: number, step = 1): SheetField => ({ name, kind: 'number', unit, min, max, step })

export const IDENTITY: readonly Section[] = [
  {
    name: 'identity',
    fields: [
      line('id_number'),
      line('handbook_no'),
      line('phone'),
      line('ethnicity'),
      choice('education', 'none', 'primary', 'junior', 'senior', 'college', 'university', 'postgraduate'),
      line('registered_residence'),
      line('actual_residence'),
    ],
  },
  { name: 'relative', fields: [line('relative_name'), choice('relative_relation', 'spouse', 'parent', 'child', 'sibling', 'other'), line('relative_phone')] },
  { name: 'dating', fields: [date('lmp'), date('edd'), number('gravida', '', 1, 30), number('para', '', 0, 30)] },
]

export const MOTHER: readonly Section[] = [
  { name: 'now', fields: [line('admission_no'), text('reason'), text('chief_complaint'), text('diagnosis'), text('treatment'), text('drugs')] },
  {
    name: 'labour',
    fields: [
      choice('fetus', 'alive', 'distress', 'dead', 'not_applicable'),
      line('contractions'),
      number('labour_hours', 'h', 0, 200, 0.5),
      number('cervix_cm', 'cm', 0, 10, 0.5),
      choice('membranes', 'intact', 'ruptured'),
      moment('membranes_ruptured_at'),
      choice('amniotic_fluid', 'clear', 'meconium', 'bloody'),
    ],
  },
  {
    name: 'labs',
    fields: [
      number('hb_g_per_l', 'g/L', 0, 250),
      number('plt_10e9_per_l', '×10⁹/L', 0, 2000),
      number('fibrinogen_g_per_l', 'g/L', 0, 20, 0.1),
      number('wbc_10e9_per_l', '×10⁹/L', 0, 200, 0.1),
      number('pt_s', 's', 0, 300, 0.1),
      number('aptt_s', 's', 0, 300, 0.1),
      number('d_dimer_mg_per_l', 'mg/L', 0, 500, 0.1),
      number('creatinine_umol_per_l', 'µmol/L', 0, 5000, 0.1),
      number('alt_u_per_l', 'U/L', 0, 50_000),
      number('glucose_mmol_per_l', 'mmol/L', 0, 100, 0.1),
      choice('urine_protein', '-', '±', '+', '++', '+++', '++++'),
      moment('labs_at'),
    ],
  },
  {
    name: 'history',
    fields: [text('background'), line('allergies'), choice('blood_group', 'A', 'B', 'AB', 'O'), choice('rh', '+', '-'), line('blood_given'), line('lines')],
  },
  { name: 'infection', fields: [many('precautions', 'standard', 'contact', 'droplet', 'airborne', 'blood_borne'), line('infection')] },
  {
    name: 'requests',
    fields: [many('requests', 'maternal_bed', 'icu_bed', 'theatre', 'blood', 'neonatal_cot', 'ventilator', 'expert'), line('blood_request')],
  },
]

export const NEWBORN: readonly Section[] = [
  {
    name: 'birth',
    fields: [
      moment('born_at'),
      choice('sex', 'female', 'male', 'undetermined', 'unknown'),
      number('gestation_days', '', 120, 320),
      number('weight_g', 'g', 100, 9000, 10),
      number('apgar_1', '', 0, 10),
      number('apgar_5', '', 0, 10),
      number('apgar_10', '', 0, 10),
      many('resuscitation', 'none', 'initial_steps', 'positive_pressure', 'intubation', 'compressions', 'adrenaline'),
    ],
  },
  { name: 'now', fields: [text('reason'), text('findings'), text('diagnosis')] },
  {
    name: 'support',
    fields: [
      number('temp_c', '°C', 20, 45, 0.1),
      number('hr_per_min', '/min', 0, 320),
      number('spo2_percent', '%', 0, 100),
      choice('respiration', 'room_air', 'oxygen', 'cpap', 'ventilated'),
      number('fio2_percent', '%', 21, 100),
      number('glucose_mmol_per_l', 'mmol/L', 0, 60, 0.1),
      choice('last_feed', 'none', 'breast_milk', 'formula', 'mixed'),
      moment('last_feed_at'),
      choice('vitamin_k', 'given', 'not_given', 'unknown'),
    ],
  },
  { name: 'mother', fields: [text('maternal_facts')] },
]

const ALL = new Map([...IDENTITY, ...MOTHER, ...NEWBORN].flatMap((section) => section.fields.map((field) => [field.name, field] as const)))
/** The same word means something else here and there, so options are read under the field's name. */
const AS_IS = new Set(['urine_protein', 'blood_group', 'rh'])

type T = (key: string, values?: Record<string, unknown>) => string

/** A value as a person reads it; `at` writes a moment. */
export function shown(name: string, value: unknown, t: T, at: (value: string) => string): string {
  const field = ALL.get(name)
  if (value === null || value === undefined || value === '') return '—'
  if (Array.isArray(value)) return value.map((one) => t(`dossier.option.${name}.${String(one)}`)).join('、')
  if (field?.kind === 'choice' && !AS_IS.has(name)) return t(`dossier.option.${name}.${String(value)}`)
  if (field?.kind === 'moment' && typeof value === 'string') return at(value)
  if (name === 'gestation_days' && typeof value === 'number') return `${Math.floor(value / 7)}+${value % 7}`
  return field?.unit ? `${String(value)} ${field.unit}` : String(value as string | number)
}

export function optionText(field: SheetField, option: string, t: T): string {
  return AS_IS.has(field.name) ? option : t(`dossier.option.${field.name}.${option}`)
}

/** What is sent: only what somebody typed, and nothing that is empty. */
export function body(edited: Sheet): Sheet {
  return Object.fromEntries(Object.entries(edited).filter(([, value]) => value !== '' && value !== null && value !== undefined))
}
