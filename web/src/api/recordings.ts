/** CTG recordings as the pages list them; the samples come from the gateway. */
export interface Recording {
  id: string
  device: string
  bed: string | null
  started_at: string
  closed_at: string | null
}
