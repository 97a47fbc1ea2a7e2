/** How the fields of what was written are shown. */

/** Fields whose value is a code with words of its own. */
export const CODED: ReadonlySet<string> = new Set(['way', 'fetal_movement', 'oedema', 'adherence', 'outcome', 'delivery_way', 'maternal', 'neonatal'])

export const TIMES: ReadonlySet<string> = new Set(['next_at', 'due_at'])

/** The names of vital signs in commands differ from those stored; both are shown alike. */
export const VITAL_NAMES: Readonly<Record<string, string>> = {
  sbp_mmhg: 'sbp',
  dbp_mmhg: 'dbp',
  hr_per_min: 'hr',
}
