/** Signed advice with orders that are read back and executed, or explained. */

export type OrderState = 'given' | 'read_back' | 'executed' | 'not_executed'

export interface AdviceOrder {
  n: number
  text: string
  state: OrderState
  reason: string | null
  at: string | null
  by: { id: string; name: string } | null
}

export interface Advice {
  id: string
  text: string
  state: 'draft' | 'signed'
  author: { id: string; name: string; title: string }
  created_at: string
  signed_at: string | null
  hash: string | null
  orders: AdviceOrder[]
}
