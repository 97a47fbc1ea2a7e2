/** Short names for the shapes of the generated schema; enums come from there and nowhere else. */
import type { components } from './schema'

type Schemas = components['schemas']

export type Me = Schemas['Me']
export type PublicConfig = Schemas['Config']
export type FacilityRef = Schemas['FacilityRef']
export type Page = Schemas['PageOut']
export type PageTarget = Schemas['PageTargetOut']
export type ReachState = keyof Schemas['ReachCounts']
export type Action = Schemas['Action']
export type Acuity = Schemas['BoardRow']['acuity']
export type RiskColour = NonNullable<Schemas['BoardRow']['risk_colour']>
export type Role = 'referring_clinician' | 'expert' | 'coordinator' | 'duty_desk' | 'commission' | 'system_admin' | 'security_admin' | 'auditor' | 'device' | 'crew' | 'special_population' | 'medical_affairs'
