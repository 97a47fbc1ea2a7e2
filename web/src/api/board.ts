/** The referral board and the catalogues that every clinical page needs: short names of the schema. */
import type { components, paths } from './schema'
import type { Action } from './types'

type Schemas = components['schemas']

export type Board = Schemas['Board']
export type BoardRow = Schemas['BoardRow']
export type BoardCounts = Schemas['BoardCounts']
export type BoardAction = Action
export type ReachCounts = BoardRow['reach']
export type Subject = BoardRow['subject']
export type Scope = NonNullable<NonNullable<paths['/api/referrals']['get']['parameters']['query']>['scope']>
export type Condition = Schemas['Condition']
export type Contact = Schemas['Contact']
export type Facility = Schemas['FacilityOut']
export type Region = Schemas['RegionOut']
