/** The calendar, plans, files and feeds: short names of the schema. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type RosterPerson = Schemas['RosterPerson']
export type RosterSlot = Schemas['RosterSlot']
export type RosterGroup = Schemas['RosterGroup']
export type RosterGroups = Schemas['RosterGroups']
export type RosterCalendar = Schemas['RosterCalendar']
export type Shift = Schemas['CalendarShift']
export type Gap = Schemas['CalendarGap']
export type Day = Schemas['CalendarDay']
export type PlanSummary = Schemas['PlanSummary']
export type PlanState = PlanSummary['state']
export type PlanAction = PlanSummary['actions'][number]
export type PlanOut = Schemas['PlanOut']
export type PlanMade = Schemas['PlanMade']
export type Candidate = Schemas['RosterCandidate']
export type ImportLine = Schemas['ImportLine']
export type ImportPreview = Schemas['ImportPreview']
export type ImportDone = Schemas['ImportDone']
export type Feed = Schemas['Feed']
export type FeedIssued = Schemas['FeedIssued']
