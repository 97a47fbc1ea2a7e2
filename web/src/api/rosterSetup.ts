/** Groups, rotations, leave, holidays, qualifications: short names of the schema. */
import type { components } from './schema'

type Schemas = components['schemas']

export type RosterGroups = Schemas['RosterGroups']
export type RosterGroup = Schemas['RosterGroup']
export type RosterSlot = Schemas['RosterSlot']
export type RosterCandidate = Schemas['RosterCandidate']
export type RotationOut = Schemas['RotationOut']
export type LeaveOut = Schemas['LeaveOut']
export type HolidayYear = Schemas['HolidayYear']
export type SpecialDays = Schemas['SpecialDays']
export type QualificationOut = Schemas['QualificationOut']
export type RosterGaps = Schemas['RosterGaps']
export type RosterCalendar = Schemas['RosterCalendar']
export type CalendarShift = Schemas['CalendarShift']
export type SwapPartner = Schemas['SwapPartner']
export type HouseTerms = Schemas['HouseTerms']
export type DutyTerms = Schemas['DutyTerms']
export type TermsVersion = Schemas['TermsVersion']
export type DutyWeightsVersion = Schemas['DutyWeightsVersion']
