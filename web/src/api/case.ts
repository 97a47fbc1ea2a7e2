/** One case as its page shows it. */
import type { components } from './schema'

type Schemas = components['schemas']

export type CaseAction = Schemas['Action']
export type Referral = Schemas['Referral']
export type Offer = Schemas['Offer']
export type Hold = Schemas['Hold']
export type Leg = Schemas['Leg']
export type Note = Schemas['Note']
export type PersonRef = Schemas['PersonRef']
/** mmHg, per minute, per cent, °C, ml; nothing is required. */
export type Vitals = Schemas['Vitals']
export type Guidance = Schemas['Guidance']
export type TravellingTeam = Schemas['TravellingTeam']
