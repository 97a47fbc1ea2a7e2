/** What a consultation is about: a transfer, a case file, or neither. */
import type { Referral } from '@/api/case'
import type { CaseFile } from '@/api/caseFiles'
import type { components } from '@/api/schema'

export type Risk = components['schemas']['RiskOut']
export type Dossier = components['schemas']['Dossier']

export type About =
  | { kind: 'referral'; referral: Referral }
  | { kind: 'file'; file: CaseFile }
  /** A tracing that was sent to be read, or a woman alone. */
  | { kind: 'none' }
