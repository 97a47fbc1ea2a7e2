/** Why somebody takes an alarm; as the server's `Why`. */
export const REASONS = ['attending', 'doctor_called', 'transducer_adjusted', 'known', 'false_alarm', 'monitoring_ended', 'other'] as const
