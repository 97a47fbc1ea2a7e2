/** The time limits of readings, in the order in which they run. */
import type { TimeLimits } from './types'

export const TIME_LIMITS: readonly (keyof TimeLimits)[] = ['urgent_sign_min', 'urgent_receive_min', 'routine_sign_min', 'routine_receive_min']
