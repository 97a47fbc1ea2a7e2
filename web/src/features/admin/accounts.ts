/** The list of accounts: which to show for what somebody typed. */
import type { components } from '@/api/schema'

export type Account = components['schemas']['AccountOut']
export type AccountAct = 'disable' | 'enable' | 'revoke-sessions'

/** Every word must occur somewhere in the line; case and order do not matter. */
export function matching(accounts: readonly Account[], typed: string, role: string): Account[] {
  const words = typed.trim().toLowerCase().split(/\s+/).filter((word) => word !== '')
  return accounts.filter((account) => {
    if (role !== '' && !account.roles.some((grant) => grant.role === role)) return false
    const line = `${account.login} ${account.name} ${account.title} ${account.facility.name} ${account.facility.short_name}`.toLowerCase()
    return words.every((word) => line.includes(word))
  })
}

/** What can be done to an account; nobody locks themselves out. */
export function actsOn(account: Account, mine: string | undefined): AccountAct[] {
  if (account.id === mine) return []
  if (account.disabled_at !== null) return ['enable']
  return account.open_sessions > 0 ? ['revoke-sessions', 'disable'] : ['disable']
}
