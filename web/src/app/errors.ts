/** The last net: whatever nobody handled is said on the page instead of swallowed. */
import { Problem } from '@/api/problem'
import { useToasts } from '@/shared/toasts'

import { isMissingPart } from './missingParts'

export function reportError(error: unknown): void {
  if (error instanceof Problem && error.notSignedIn) return
  const toasts = useToasts()
  if (error instanceof Problem) toasts.problem(error)
  else if (isMissingPart(error)) toasts.problem(Problem.from('parts'))
  else {
    toasts.failure(error instanceof Error ? error.message : String(error))
    // The browser's own log keeps the stack for whoever is asked to look.
    // eslint-disable-next-line no-console
    console.error(error)
  }
}
