/** The vital signs that a form asks for in one go: names of the wire, units, what cannot be. */
export const QUICK_VITALS = [
  { name: 'sbp', unit: 'mmHg', max: 320 },
  { name: 'dbp', unit: 'mmHg', max: 220 },
  { name: 'hr', unit: '/min', max: 320 },
  { name: 'rr', unit: '/min', max: 100 },
  { name: 'spo2', unit: '%', max: 100 },
  { name: 'temp_c', unit: '°C', max: 45 },
  { name: 'blood_loss_ml', unit: 'ml', max: 20000 },
  { name: 'fhr_bpm', unit: 'bpm', max: 300 },
] as const

/** AVPU, from awake to unresponsive. */
export const CONSCIOUSNESS = ['alert', 'voice', 'pain', 'unresponsive'] as const
