/** Group robots and push addresses: what is asked for which kind, and how one stands. */
import type { components } from '@/api/schema'

export type Robot = components['schemas']['EndpointOut']
export type RobotIn = components['schemas']['EndpointIn']
export type Kind = NonNullable<RobotIn['channel']>

export const KINDS: readonly Kind[] = ['wecom_robot', 'dingtalk_robot', 'webhook']

/** A WeCom robot has no secret, a DingTalk robot may sign, a webhook must. */
export const SECRET: Readonly<Record<Kind, 'none' | 'may' | 'must'>> = { wecom_robot: 'none', dingtalk_robot: 'may', webhook: 'must' }

export type Standing = 'off' | 'testing' | 'failed' | 'works' | 'untried'

const OPEN = new Set(['queued', 'sending', 'in_doubt'])
const LOST = new Set(['failed', 'unreachable', 'dropped'])

/** A test that failed counts until something got through after it. */
export function standing(robot: Robot): Standing {
  if (robot.disabled_at !== null) return 'off'
  if (robot.test !== null && OPEN.has(robot.test)) return 'testing'
  const later = robot.last_ok_at !== null && robot.tested_at !== null && robot.last_ok_at > robot.tested_at
  if (robot.test !== null && LOST.has(robot.test) && !later) return 'failed'
  return robot.last_ok_at === null ? 'untried' : 'works'
}
