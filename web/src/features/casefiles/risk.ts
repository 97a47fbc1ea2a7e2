/** The colour of a file as the badge shows it: regions with more tiers than five have more of them. */
import type { FileRow } from '@/api/caseFiles'
import type { RiskColour } from '@/api/types'

export function shown(colour: FileRow['colour']): RiskColour | null {
  return colour as RiskColour | null
}
